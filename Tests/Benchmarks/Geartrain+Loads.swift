import HTTP
import JSON
import TestSupport

/// What is asked of Geartrain.
extension Geartrain {
    func get(_ code: String, rows: Int) -> Load {
        load(64, "\"/api/records/bench/\(code)/\" .. math.random(1, \(rows))")
    }

    /// GET by few, where the time of one counts.
    func calmGet(rows: Int) -> Load {
        load(4, "\"/api/records/bench/ticket/\" .. math.random(1, \(rows))")
    }

    private static let filter = "filter=status%20eq%20%27open%27%20and%20priority%20ge%20"

    func list(_ code: String = "ticket", as reader: Reader = .all) -> Load {
        load(
            16,
            "\"/api/records/bench/\(code)?limit=50&orderby=priority&\(Geartrain.filter)\" .. "
                + "math.random(0, 900)", token: tokens[reader] ?? token)
    }

    /// With the total of what matches: one that was counted before, or each for the first time.
    func total(_ code: String, isKept: Bool) -> Load {
        let last =
            isKept
            ? "math.random(0, 9)"
            : "math.random(0, 900) .. \"%20and%20id%20ge%20-\" .. math.random(1, 1000000000)"
        return load(
            16,
            "\"/api/records/bench/\(code)?limit=50&count=true&orderby=priority&"
                + "\(Geartrain.filter)\" .. \(last)")
    }

    var view: Load { load(16, "\"/api/views/bench/ticket?limit=50\"") }

    /// The page of a list by index that begins at a cursor; nil is the first.
    func page(_ cursor: String?) -> Load {
        load(16, "\"\(Geartrain.pages)&limit=50\(cursor.map { "&cursor=\($0)" } ?? "")\"")
    }

    private static let pages =
        "/api/records/bench/big?filter=status%20eq%20%27open%27&orderby=priority"

    /// The cursor after so many records of that list.
    func cursor(after count: Int) async throws -> String {
        var cursor = ""
        for _ in 0..<max(1, count / 1000) {
            let suffix = cursor.isEmpty ? "" : "&cursor=\(cursor)"
            let page = try await client.get("\(Geartrain.pages)&limit=1000&select=id\(suffix)")
            guard let next = page["next"]?.string else { return cursor }
            cursor = next
        }
        return cursor
    }

    func create(_ code: String = "fresh") -> Load {
        Load(
            connections: 64,
            script: headers(token) + Ticket.luaBody + """
                request = function()
                  return wrk.format("POST", "/api/records/bench/\(code)", nil, body())
                end
                """)
    }

    /// A thousand at once; an answer is a thousand records.
    var arrays: Load {
        Load(
            connections: 2,
            script: headers(token) + Ticket.luaBody + """
                local items = {}
                for n = 1, 1000 do items[n] = body() end
                local all = "[" .. table.concat(items, ",") .. "]"
                request = function() return wrk.format("POST", "/api/records/bench/fresh", nil, all) end
                """)
    }

    /// Log-ins, each of which hashes a password.
    var logIns: Load {
        Load(
            connections: 2,
            script: """
                wrk.headers["Content-Type"] = "application/json"
                request = function()
                  return wrk.format("POST", "/api/sessions", nil,
                    '{"account":"\(Reader.tree.rawValue)","password":"\(Geartrain.password)"}')
                end
                """)
    }

    /// The same body again and again.
    func posts(_ connections: Int, _ target: String, _ body: String) -> Load {
        Load(
            connections: connections,
            script: headers(token) + """
                request = function()
                  return wrk.format("POST", "\(target)", nil, '\(body)')
                end
                """)
    }

    private func load(_ connections: Int, _ target: String, token: String? = nil) -> Load {
        Load(
            connections: connections,
            script: headers(token ?? self.token)
                + "request = function() return wrk.format(\"GET\", \(target)) end")
    }

    private func headers(_ token: String) -> String {
        """
        wrk.headers["Authorization"] = "Bearer \(token)"
        wrk.headers["Content-Type"] = "application/json"

        """
    }
}
