import HTTP
import JSON
import ServiceRuntime
import TestSupport
import Testing

/// The disk of a PostgreSQL is full, as a real file system: what is refused says why, nothing that
/// was answered is lost, and with room all goes on without a start.
@Suite(.serialized, .enabled(if: SmallDisk.isPossible)) struct `A full disk of a server` {
    private let disk: SmallDisk

    init() async throws {
        disk = try SmallDisk(bytes: 400 << 20)
        try await PostgreSQL.give(disk.path)
    }

    @Test func `where tables have no room, what is written is refused with a word`() async throws {
        let server = try await PostgreSQL(user: "geartrain")
        try await server.sql("create tablespace small location '\(disk.path)'", in: "postgres")
        try await server.sql("create database small tablespace small", in: "postgres")
        let story = try await Story(server, database: "small")
        let refused = try await story.fill(disk)
        #expect(refused.status == 507 && refused.text.contains("must make room"), "\(refused)")
        try Files.remove(disk.path + "/ballast")
        try await story.goesOn()
        try await server.stop()
    }

    /// A PostgreSQL that cannot write its log ends as in a crash.
    @Test func `where its log has no room, nothing is lost with the server`() async throws {
        let server = try await PostgreSQL(
            user: "geartrain", settings: ["min_wal_size=32MB", "max_wal_size=32MB"], in: disk.path)
        let story = try await Story(server, database: "postgres")
        let refused = try await story.fill(disk)
        #expect([503, 507].contains(refused.status), "\(refused)")
        try Files.remove(disk.path + "/ballast")
        try await server.halt()
        try await server.start()
        try await story.goesOn()
        try await server.stop()
    }

    /// The platform on a database that has no room for a while.
    private final class Story {
        let train: Train
        let api: APIClient
        var stored: [Int64] = []

        private static let path = "/api/records/helpdesk/customer"

        init(_ server: PostgreSQL, database: String) async throws {
            let pairs = Train.services.map {
                (
                    "\($0.uppercased())_DATABASE",
                    server.url(database) + "?sslmode=disable&schema=\($0)"
                )
            }
            train = Train(.together, settings: Dictionary(uniqueKeysWithValues: pairs))
            try await train.start()
            api = try await train.admin()
            try await closes("before")
        }

        /// Writes until it is refused; answers how, and what is still served.
        func fill(_ disk: SmallDisk) async throws -> APIClient.Answer {
            // What the server writes meanwhile has room.
            try disk.fill(leaving: 2 << 20)
            while true {
                let answer = try await create()
                guard answer.status == 201 else { return answer }
                stored.append(try #require(try answer.json["id"]?.integer))
                try #require(stored.count < 20_000, "the disk is not full")
            }
        }

        /// There is room: everything is as before, and what was answered is there.
        func goesOn() async throws {
            try await train.waitFor("a write") {
                let answer = try await create()
                guard answer.status == 201 else { return false }
                stored.append(try #require(try answer.json["id"]?.integer))
                return true
            }
            try await closes("after")
            for id in stored {
                let found = try await api.send(.get, "\(Story.path)/\(id)")
                #expect(found.status == 200, "customer \(id)")
            }
            let chain = try await api.post("/api/history/verify", [:], status: 200)
            #expect(chain["fault"] == .null || chain["fault"] == nil)
            #expect(try await train.stop().allSatisfy { $0 == 0 })
        }

        private func create() async throws -> APIClient.Answer {
            let customer: JSONValue = [
                "name": .string(String(repeating: "n", count: 200)),
                "email": .string("c\(stored.count)@ok.test"),
            ]
            return try await api.send(.post, Story.path, body: customer.bytes)
        }

        /// A mail becomes a ticket, and its answer a closed one.
        private func closes(_ name: String) async throws {
            let loop = TicketLoop(train, api, FolderMail(train), name: name)
            try loop.deliver()
            let id = try await loop.ticket()
            try await loop.press(try await loop.link())
            try await loop.closed(id)
        }
    }
}
