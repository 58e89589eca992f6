require 'active_support'
require 'active_support/cache'
require 'rack/attack'

# Outside of the limiter: writes down when each request came and how it was answered.
class AccessLog
  def initialize(app)
    @app = app
    @log = File.open(ENV.fetch('ACCESS_LOG'), 'a').tap { |file| file.sync = true }
  end

  def call(env)
    return [200, {}, []] if env['PATH_INFO'] == '/__ready'

    came = Process.clock_gettime(Process::CLOCK_REALTIME, :float_millisecond)
    @app.call(env).tap { |answer| @log.write(format("%.3f %d %s\n", came, answer[0], env['HTTP_X_JOB_ID'] || '-')) }
  end
end

Rack::Attack.cache.store = ActiveSupport::Cache::MemoryStore.new
Rack::Attack.throttle('all', limit: 10, period: 1) { |request| request.ip }

use AccessLog
use Rack::Attack
run ->(_) { [200, { 'Content-Type' => 'application/json' }, ['{"ok":true}']] }
