<?php

namespace Casks;

final class Cask
{
    public function __construct(public readonly string $name, public readonly int $litres)
    {
    }

    /** @return list<Cask> */
    public static function all(): array
    {
        return [new Cask('firkin', 41), new Cask('kilderkin', 82), new Cask('Fäßchen', 5)];
    }
}
