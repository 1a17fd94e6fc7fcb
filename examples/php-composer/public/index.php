<?php

use Casks\Cask;
use Hoops\Hoop;

require __DIR__ . '/../vendor/autoload.php';

header('Content-Type: application/json');
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
echo match ($path) {
    '/' => json_encode(['casks' => count(Cask::all())]),
    '/names' => json_encode(array_map(fn (Cask $cask) => mb_strtoupper($cask->name), Cask::all()), JSON_UNESCAPED_UNICODE),
    '/hoops' => json_encode(array_map(fn (Cask $cask) => Hoop::forCask($cask->litres), Cask::all())),
    default => (function () {
        http_response_code(404);
        return json_encode(['error' => 'no such page']);
    })(),
};
