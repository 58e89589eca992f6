#!/usr/bin/env bash
# Symfony rate-limiter 5.4.53 (Debian 12), policy sliding_window, 10 per second, in the filesystem cache: the last window is forgotten when the clock's second is over.
#
# Guessed before running: after 10 calls at the end of a window, a tenth of a second into the next one at most 1 or 2 of 10 more pass (0.9 of the last ten still count).
# Seen: so it is as long as the clock's second stays the same. When it changes in between, all 10 pass: 19 calls within 0.2 s.
# Its storage is asked to keep the window for (int) of the seconds it still counts, and the cache counts those from the whole second: both cut, up to two seconds early.
#   the same second: 1 of 10
#   across a second: 10 of 10
# What follows for a client: "sliding" at periods of a second or two is a fixed window now and then; an even pace passes both.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
command -v php >/dev/null || { echo "php is missing: apt-get install php-cli" >&2; exit 2; }
packages=(php-symfony-rate-limiter php-symfony-cache)
apt-get download -qq "${packages[@]/%/=5.4.53+dfsg-0+deb12u1}" php-symfony-options-resolver php-symfony-lock php-symfony-var-exporter php-symfony-cache-contracts \
  php-symfony-service-contracts php-symfony-deprecation-contracts php-psr-cache php-psr-log php-psr-container \
  php-symfony-polyfill-php73 php-symfony-polyfill-php80
for package in *.deb; do dpkg-deb -x "$package" .; done

cat > see.php <<'PHP'
<?php
require_once 'Symfony/Component/Cache/autoload.php';
require_once 'Symfony/Component/RateLimiter/autoload.php';

use Symfony\Component\Cache\Adapter\FilesystemAdapter;
use Symfony\Component\RateLimiter\RateLimiterFactory;
use Symfony\Component\RateLimiter\Storage\CacheStorage;

/** Ten calls in a window, the last nine at its end, and how many of ten pass in the beginning of the next. */
function passed(string $name, float $fraction): string
{
    $limiter = (new RateLimiterFactory(
        ['id' => $name, 'policy' => 'sliding_window', 'limit' => 10, 'interval' => '1 second'],
        new CacheStorage(new FilesystemAdapter($name, 0, __DIR__ . '/cache')),
    ))->create('client');
    $calls = fn (int $count) => count(array_filter(range(1, $count), fn () => $limiter->consume()->isAccepted()));

    // The window begins so that its end, 0.9 s later, lies at the wanted fraction of the clock's second.
    $begin = ceil(microtime(true)) + 1 + $fraction - 0.9;
    time_sleep_until($begin);
    $calls(1);
    time_sleep_until($begin + 0.9);
    $calls(9);
    time_sleep_until($begin + 1.06);

    return $calls(10) . " of 10\n";
}

echo 'the same second: ', passed('same', 0.3);
echo 'across a second: ', passed('across', 0.92);
PHP
php -d include_path="$folder/usr/share/php" see.php | tee seen
printf 'the same second: 1 of 10\nacross a second: 10 of 10\n' | diff - seen && echo "As found."
