<?php
// The router of PHP's own web server, which runs it for each request: the state of the limiter lies in files.
require_once 'Symfony/Component/Cache/autoload.php';
require_once 'Symfony/Component/RateLimiter/autoload.php';

use Symfony\Component\Cache\Adapter\FilesystemAdapter;
use Symfony\Component\RateLimiter\RateLimiterFactory;
use Symfony\Component\RateLimiter\Storage\CacheStorage;

if ($_SERVER['REQUEST_URI'] === '/__ready') {
    return;
}

$policy = getenv('SYMFONY_POLICY');
$bucket = ['rate' => ['interval' => '1 second', 'amount' => 10]];
$factory = new RateLimiterFactory(
    ['id' => 'all', 'policy' => $policy, 'limit' => 10] + ($policy === 'token_bucket' ? $bucket : ['interval' => '1 second']),
    new CacheStorage(new FilesystemAdapter('limiter', 0, getenv('FOLDER'))),
);
$limit = $factory->create('client')->consume();

// The headers are those of its documentation.
header('X-RateLimit-Remaining: ' . $limit->getRemainingTokens());
header('X-RateLimit-Retry-After: ' . $limit->getRetryAfter()->getTimestamp());
header('X-RateLimit-Limit: ' . $limit->getLimit());
header('Content-Type: application/json');
http_response_code($limit->isAccepted() ? 200 : 429);
echo '{"ok":true}';
$line = sprintf("%.3f %d %s\n", $_SERVER['REQUEST_TIME_FLOAT'] * 1000, http_response_code(), $_SERVER['HTTP_X_JOB_ID'] ?? '-');
file_put_contents(getenv('ACCESS_LOG'), $line, FILE_APPEND);
