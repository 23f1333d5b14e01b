import Glibc
import HTTP
import TestSupport

/// nginx proxying nginx over keep-alive TCP: what two hops cost at the least. The one behind
/// answers a constant of a record's size.
final class Nginx: Sendable {
    let port: Int
    let processes: [ChildProcess]

    init(answer: String, in folder: String) async throws {
        TestFile.makeFolder(folder)
        let ports = FreePort.take(2)
        let text = answer.filter { $0 != "'" && $0 != "$" }
        let back = "location / { default_type application/json; return 200 '\(text)'; }"
        let front = """
            location / {
              proxy_pass http://back; proxy_http_version 1.1; proxy_set_header Connection "";
            }
            """
        let upstream = "upstream back { server 127.0.0.1:\(ports[1]); keepalive 128; }"
        processes = [
            try Nginx.start("back", port: ports[1], "", back, in: folder),
            try Nginx.start("front", port: ports[0], upstream, front, in: folder),
        ]
        port = ports[0]
        let client = APIClient(port: ports[0])
        try await eventually("nginx is ready") {
            (try? await client.send(.get, "/").status) == 200
        }
    }

    /// SIGKILL, which a forgotten child process gets, would leave the workers behind.
    deinit {
        for process in processes { process.kill(SIGTERM) }
        for process in processes { while !process.hasEnded { usleep(1000) } }
    }

    private static func start(
        _ name: String, port: Int, _ upstream: String, _ location: String, in folder: String
    ) throws -> ChildProcess {
        let own = "\(folder)/\(name)"
        TestFile.makeFolder(own)
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map { "\($0)_temp_path \(own)/\($0);" }.joined(separator: " ")
        try TestFile.write(
            """
            daemon off; worker_processes auto; pid \(own)/pid; error_log \(own)/error.log;
            events { worker_connections 1024; }
            http {
              access_log off; keepalive_requests 100000000; \(temporary)
              \(upstream)
              server { listen 127.0.0.1:\(port) reuseport; \(location) }
            }

            """, to: own + "/nginx.conf")
        return try ChildProcess(
            "/usr/sbin/nginx", ["-c", own + "/nginx.conf", "-e", own + "/error.log"],
            output: own + "/output")
    }

    let load = Load(
        connections: 64, script: "request = function() return wrk.format(\"GET\", \"/\") end")
}
