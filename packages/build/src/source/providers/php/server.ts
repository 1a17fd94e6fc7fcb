import type { Distribution } from "../../distribution/distribution.ts";
import type { PlanStep } from "../../plan/plan.ts";

/** Where the servers' settings are. */
export const SERVE = "/opt/serve";

/** What starts nginx and PHP-FPM. */
export const START = ["php", `${SERVE}/serve.php`] as const;

/**
 * nginx for files and PHP-FPM for scripts, under one small supervisor: there is no shell, PORT is
 * honoured, all that is written lies in memory, and a signal ends both when their requests are done.
 */
export function serverStep(documentRoot: string, { ecosystem }: Distribution): PlanStep {
  return {
    files: [
      { path: `${SERVE}/serve.php`, text: supervisor(ecosystem === "apk" ? "" : ".") },
      { path: `${SERVE}/nginx.conf`, text: nginx(documentRoot) },
      { path: `${SERVE}/php-fpm.conf`, text: FPM },
    ],
    commands: [],
  };
}

/** PORT and SCRATCH are put in when it starts. Bodies and answers over some kilobytes are buffered in files. */
function nginx(documentRoot: string): string {
  return `daemon off;
pid /dev/shm/nginx.pid;
error_log stderr warn;
worker_processes 1;
events { worker_connections 1024; }
http {
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  access_log /dev/stdout combined;
  server_tokens off;
  sendfile on;
  gzip on;
  gzip_types text/css text/javascript application/javascript application/json image/svg+xml;
  client_max_body_size 64m;
  client_body_temp_path SCRATCH/nginx-body;
  fastcgi_temp_path SCRATCH/nginx-fastcgi;
  proxy_temp_path SCRATCH/nginx-proxy;
  uwsgi_temp_path SCRATCH/nginx-uwsgi;
  scgi_temp_path SCRATCH/nginx-scgi;
  server {
    listen PORT;
    root ${documentRoot};
    index index.php index.html;
    location / { try_files $uri $uri/ /index.php?$query_string; }
    # Nobody's business: what editors, git and the like leave behind.
    location ~ /\\.(?!well-known/) { return 404; }
    location ~ \\.php$ {
      try_files $uri =404;
      include /etc/nginx/fastcgi_params;
      fastcgi_param SCRIPT_FILENAME $realpath_root$fastcgi_script_name;
      fastcgi_param DOCUMENT_ROOT $realpath_root;
      # A proxy in the environment is not what a client's header says.
      fastcgi_param HTTP_PROXY "";
      fastcgi_pass unix:/dev/shm/php-fpm.sock;
    }
  }
}
`;
}

/** Scripts in an image do not change, so that nobody looks whether they did. */
const FPM = `[global]
daemonize = no
error_log = /proc/self/fd/2
log_limit = 8192
process_control_timeout = 10s

[www]
listen = /dev/shm/php-fpm.sock
pm = ondemand
pm.max_children = \${PHP_WORKERS}
pm.process_idle_timeout = 60s
pm.max_requests = 1000
clear_env = no
catch_workers_output = yes
decorate_workers_output = no
php_admin_flag[expose_php] = off
php_admin_flag[log_errors] = on
php_admin_value[error_log] = /proc/self/fd/2
php_flag[display_errors] = off
php_admin_flag[opcache.validate_timestamps] = off
php_value[upload_max_filesize] = 64M
php_value[post_max_size] = 64M
`;

/** Starts both, hands on what they are told, and ends with the first that ends. */
function supervisor(point: "" | "."): string {
  return `<?php
// The first process of the container: nginx and PHP-FPM run below it.
$port = getenv('PORT') ?: '8080';
if (!ctype_digit($port)) {
    fwrite(STDERR, "PORT is $port, which is no number\\n");
    exit(2);
}
$scratch = is_writable('/tmp') ? '/tmp' : '/dev/shm';
$nginx = strtr(file_get_contents(__DIR__ . '/nginx.conf'), ['PORT' => $port, 'SCRATCH' => $scratch]);
file_put_contents('/dev/shm/nginx.conf', $nginx);
$fpm = '/usr/sbin/php-fpm' . PHP_MAJOR_VERSION . '${point}' . PHP_MINOR_VERSION;

const SIGNALS = [SIGTERM, SIGINT, SIGQUIT];
$children = [];
$start = function (string $program, array $arguments) use (&$children): void {
    $child = pcntl_fork();
    if ($child === -1) {
        fwrite(STDERR, "$program cannot be started\\n");
        exit(1);
    }
    if ($child === 0) {
        foreach (SIGNALS as $signal) pcntl_signal($signal, SIG_DFL);
        pcntl_sigprocmask(SIG_UNBLOCK, SIGNALS);
        pcntl_exec($program, $arguments, getenv());
        fwrite(STDERR, "$program cannot be executed\\n");
        exit(127);
    }
    $children[$child] = $program;
};

// Both take SIGQUIT for: no new requests, and those under way to their end.
$isStopping = false;
$stop = function () use (&$children, &$isStopping): void {
    $isStopping = true;
    foreach (array_keys($children) as $child) posix_kill($child, SIGQUIT);
};
pcntl_async_signals(true);
foreach (SIGNALS as $signal) pcntl_signal($signal, $stop, false);
// None is heard before both have begun, or it could reach one that is not there yet.
pcntl_sigprocmask(SIG_BLOCK, SIGNALS);

$settings = ['opcache.lockfile_path' => '/dev/shm', 'sys_temp_dir' => $scratch, 'session.save_path' => $scratch];
$arguments = ['--nodaemonize', '--fpm-config', __DIR__ . '/php-fpm.conf'];
foreach ($settings as $name => $value) array_push($arguments, '-d', "$name=$value");
$start($fpm, $arguments);
for ($tries = 0; $tries < 100 && !file_exists('/dev/shm/php-fpm.sock'); $tries++) usleep(20000);
$start('/usr/sbin/nginx', ['-c', '/dev/shm/nginx.conf', '-e', 'stderr']);
pcntl_sigprocmask(SIG_UNBLOCK, SIGNALS);

$status = 0;
while (count($children) > 0) {
    $ended = pcntl_wait($state);
    if (!isset($children[$ended])) continue;
    $code = pcntl_wifexited($state) ? pcntl_wexitstatus($state) : 128 + pcntl_wtermsig($state);
    if (!$isStopping) {
        fwrite(STDERR, "$children[$ended] ended by itself with status $code\\n");
        $status = max($code, 1);
    }
    unset($children[$ended]);
    $stop();
}
exit($status);
`;
}
