vcl 4.1;
import std;
import vsthrottle;

backend none none;

sub vcl_recv {
  # Ready is who is watched: varnishncsa begins with what comes after it has found the log.
  if (req.url == "/__ready") {
    if (std.file_exists("@FOLDER@/watched")) { return (synth(200)); }
    return (synth(503));
  }
  # Seconds with three decimals, without the dot.
  std.log("came:" + regsub("" + std.time2real(now, 0.0), "\.", ""));
  if (vsthrottle.is_denied("all", 10, 1s)) { return (synth(429, "Too Many Requests")); }
  return (synth(200));
}
