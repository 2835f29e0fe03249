using System.Net;
using System.Net.Sockets;
using BlueGreen.Gateway.Benchmarks.Processes;

namespace BlueGreen.Gateway.Benchmarks.Idle;

/// <summary>nginx with a configuration of its own, in a folder of its own: one worker, with room for the connections.</summary>
internal static class Nginx
{
    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(10);

    /// <summary>Where nginx is; null where it isn't installed.</summary>
    public static string? Find() => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator)
        .Append("/usr/sbin")
        .Select(folder => Path.Combine(folder, "nginx"))
        .FirstOrDefault(File.Exists);

    public static async Task<(ChildProcess Process, int Port)> StartAsync(string program, string api, int connections, WorkFolder folder)
    {
        var port = FreePort();
        var file = folder.File("nginx.conf");
        await File.WriteAllTextAsync(file, Configuration(new Uri(api).Authority, port, connections));
        var process = ChildProcess.StartProgram([program, "-p", folder.Path, "-e", folder.File("nginx-error.log"), "-c", file]);
        try
        {
            await WhenListeningAsync(port);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }

        return (process, port);
    }

    // Each proxied WebSocket takes two connections, and nginx closes idle ones when less than a sixteenth is left.
    private static string Configuration(string api, int port, int connections) => $$"""
        daemon off;
        worker_processes 1;
        worker_rlimit_nofile {{OpenFiles.Limit()}};
        pid nginx.pid;
        events { worker_connections {{(connections * 9 / 4) + 512}}; }
        http {
          access_log off;
          client_body_temp_path client; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
          keepalive_timeout 1h;
          map $http_upgrade $connection_header { default upgrade; '' ''; }
          upstream api { server {{api}}; keepalive 64; }
          server {
            listen 127.0.0.1:{{port}} backlog=4096;
            location / {
              proxy_pass http://api;
              proxy_http_version 1.1;
              proxy_set_header Host $http_host;
              proxy_set_header Upgrade $http_upgrade;
              proxy_set_header Connection $connection_header;
              proxy_read_timeout 1h;
              proxy_send_timeout 1h;
            }
          }
        }
        """;

    // nginx can't be told to choose one. The port may be taken in between; then nginx does not start, and says so.
    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, port: 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static async Task WhenListeningAsync(int port)
    {
        using var limit = new CancellationTokenSource(LongestStart);
        while (true)
        {
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync(IPAddress.Loopback, port, limit.Token);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), limit.Token);
            }
        }
    }
}
