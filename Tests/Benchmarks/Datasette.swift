import HTTP
import TestSupport

/// datasette over the very database that Records keeps: the same API view, read by another program.
final class Datasette: Sendable {
    let port: Int
    let process: ChildProcess

    init(database: String, in folder: String) async throws {
        TestFile.makeFolder(folder)
        let port = FreePort.take()
        process = try ChildProcess(
            "datasette", ["serve", database, "--port", "\(port)"], output: folder + "/log")
        let client = APIClient(port: port)
        try await eventually("datasette is ready", within: .seconds(30)) {
            (try? await client.send(.get, "/-/versions.json").status) == 200
        }
        self.port = port
    }

    var view: Load {
        Load(
            connections: 16,
            script: """
                request = function()
                  return wrk.format("GET", "/records/bench_ticket.json?" ..
                    "_size=50&_shape=objects&_nocount=1&_nofacet=1&_nosuggest=1")
                end
                """)
    }
}
