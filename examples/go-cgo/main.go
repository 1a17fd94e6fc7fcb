// Prints the checksum of its argument, by zlib.
package main

// #cgo pkg-config: zlib
// #include <stdlib.h>
// #include <zlib.h>
import "C"

import (
	"fmt"
	"os"
	"unsafe"
)

func main() {
	for _, word := range os.Args[1:] {
		bytes := C.CString(word)
		fmt.Printf("%08x\n", uint32(C.crc32(0, (*C.Bytef)(unsafe.Pointer(bytes)), C.uInt(len(word)))))
		C.free(unsafe.Pointer(bytes))
	}
}
