import Contracts
import Database
import HTTP
import JSON
import RPC
import ServiceRuntime
import TestSupport
import Testing

@testable import Workflow

/// Databases of earlier versions, with rows in every table, and what comes of them.
@Suite struct OldDatabaseTests {
    /// Those of which the rows below are written.
    private static let first = 12

    /// A row in every table that was there, as far as the row's columns were.
    private static func fill(_ connection: Connection) throws {
        try fillDefinitions(connection)
        try fillInstance(connection)
        try fillLogs(connection)
    }

    private static func add(
        _ connection: Connection, _ table: String, _ values: [(String, SQLValue)]
    ) throws {
        let columns = values.map(\.0).joined(separator: ", ")
        let marks = values.map { _ in "?" }.joined(separator: ", ")
        try connection.run(
            "insert into \(table) (\(columns)) values (\(marks))", values.map(\.1))
    }

    private static let cause: [(String, SQLValue)] = [("root", "request:old"), ("depth", 0)]
    private static let recently = SQLValue.integer(World.start.milliseconds - 1000)

    private static func fillDefinitions(_ connection: Connection) throws {
        let documents = Model.document(workflows: [Model.handle])
        try add(
            connection, "model",
            [("code", "helpdesk"), ("version", 1), ("document", .text(documents.text))])
        let workflow = documents["workflows"]?.array?.first ?? .null
        try add(
            connection, "definition",
            [
                ("id", 1), ("model", "helpdesk"), ("workflow", "handle"), ("version", 1),
                ("body", .text(workflow.text)), ("is_current", 1),
            ])
        try add(connection, "secret", [("name", "other"), ("content", .blob([1, 2]))])
    }

    private static func fillInstance(_ connection: Connection) throws {
        try add(
            connection, "instance",
            [
                ("id", 7), ("definition", 1), ("model", "helpdesk"), ("workflow", "handle"),
                ("state", "waiting"), ("class", "helpdesk.ticket"), ("record", 1),
                ("account", "olga"), ("via", ""), ("started", 1000), ("visit_count", 2),
                ("instance_values", "{}"), ("last_event", "null"),
            ] + cause)
        for (visit, step, kind, state) in [
            (1, "ask", "mail", "done"), (2, "answer", "event", "waiting"),
        ] {
            try add(
                connection, "step",
                [
                    ("instance", 7), ("visit", .integer(Int64(visit))), ("step", .text(step)),
                    ("kind", .text(kind)), ("state", .text(state)), ("entered", 1000),
                    ("event", kind == "event" ? .text("confirmed") : .null),
                    ("event_key", kind == "event" ? .text("1") : .null),
                ])
        }
        try add(
            connection, "wait",
            [
                ("instance", 7), ("visit", 2), ("event", "helpdesk.confirmed"), ("event_key", "1"),
            ])
        try add(
            connection, "event",
            [
                ("event", "helpdesk.confirmed"), ("scope", "all"), ("event_key", "9"),
                ("payload", "null"), ("account", "olga"), ("raised", 1000),
                ("state", "buffered"), ("activated", 0), ("expires", 4_000_000_000_000),
            ] + cause)
        try add(
            connection, "capability",
            [
                ("hash", "h"), ("instance", 7), ("event", "helpdesk.confirmed"), ("generation", 2),
                ("expires", 4_000_000_000_000),
            ])
    }

    private static func fillLogs(_ connection: Connection) throws {
        try add(
            connection, "inbox",
            [
                ("event_id", "e1"), ("class", "helpdesk.ticket"), ("record", 1), ("state", "done"),
                ("received", recently),
            ])
        try add(
            connection, "firing",
            [
                ("inbox", 1), ("rule", "helpdesk.r"), ("class", "helpdesk.ticket"), ("record", 1),
                ("fingerprint", "f"), ("fired", recently),
            ] + cause)
        try add(
            connection, "action",
            [
                ("inbox", 1), ("rule", "helpdesk.r"), ("place", 0), ("kind", "workflow"),
                ("target", "handle"), ("content", "{}"), ("state", "done"),
            ])
        try add(
            connection, "incident",
            [
                ("kind", "action"), ("time", 1000), ("action", 1), ("class", "helpdesk.ticket"),
                ("record", 1), ("problem", #"{"code": "validation-failed"}"#), ("once_key", "k"),
                ("state", "open"),
            ])
        try add(
            connection, "idempotency",
            [
                ("key", "k"), ("fingerprint", .blob([1])), ("answer", .blob(Array("1".utf8))),
                ("expires", 4_000_000_000_000),
            ])
    }

    @Test(arguments: first..<Migrations.all.count)
    func `what was waiting goes on, and what was seen is seen`(_ count: Int) async throws {
        let folder = TemporaryFolder()
        let clock = ManualClock(start: World.start)
        let old = try await Database.open(
            StoreEngine.chosen.place("workflow", in: folder.path),
            runtime: TestRuntime.make(clock: clock))
        try await old.migrate(Array(Migrations.all.prefix(count)))
        try await old.write(Self.fill)
        await old.close()

        let world = try await World(folder: folder.path, clock: clock)
        _ = world.peers.insert(
            1, JSONObject([("subject", "Printer"), ("email", "mara@example.com"), ("spent", 0)]))
        let seen = try await world.instance(7)
        #expect(World.steps(seen) == ["ask done", "answer waiting"])
        let incident = try #require(try await world.incidents().first)
        #expect(incident["service"] == "workflow" && incident["record"] == "helpdesk.ticket/1")
        #expect(incident["actions"] == ["retry", "skip", "close"])
        let firings = try await world.json(ListFirings())["items"]?.array
        #expect(firings?.first?["rule"] == "helpdesk.r")
        let raised = try await world.call(
            RaiseEvent(
                event: Model.confirmed, scope: .workflow, workflow: "helpdesk.handle", key: "1"),
            as: World.operator_)
        #expect(raised.activated == 1)
        try await world.reaches(7, "finished")
        // The one that was kept is there for who comes late.
        let events = try await world.json(ListEvents(state: .buffered))["items"]?.array
        #expect(events?.map { $0["key"] } == ["9"])
        try await world.stop()
    }
}
