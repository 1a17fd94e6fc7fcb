<?php

namespace Hoops;

/** A ring of iron around a cask. */
final class Hoop
{
    public static function forCask(int $litres): int
    {
        return $litres < 100 ? 4 : 6;
    }
}
