import Contracts
import Database
import JSON
import ServiceRuntime
import TestSupport
import Testing

@testable import Records

/// The history is chained: whatever is changed afterwards is found.
@Suite struct HistoryChainTests {
    private static let secret = "a key of the history, as long as thirty-two bytes"

    /// A store with some history, sealed in several seals.
    private struct Vault {
        let store: TestStore
        let keys: HistoryKeys
        let file: HistoryHeadFile
        let sealer: HistorySealer

        init(keys: HistoryKeys = .none, folder: TemporaryFolder = TemporaryFolder()) async throws {
            store = try await TestStore(folder: folder)
            self.keys = keys
            file = HistoryHeadFile(data: folder.path)
            sealer = HistorySealer(
                database: store.database, keys: keys, file: file, runtime: store.runtime)
        }

        /// Three seals over six entries of two records, and one of another program.
        func fill() async throws {
            try await store.apply(helpdesk())
            for subject in ["first", "second"] {
                let made = try await store.create(ticket, ["subject": .string(subject)])
                try await store.change(ticket, made.id, ["status": "open", "score": 5])
                try await seal()
            }
            _ = try await store.foreign("UPDATE DataRow_2 SET status = 'closed'")
            try await seal()
        }

        func seal() async throws { while try await sealer.sealBatch() {} }

        func verify(
            head: String? = nil, from: Int64? = nil, keys other: HistoryKeys? = nil
        ) async throws -> HistoryVerification {
            try await HistoryVerifier.run(
                VerifyHistory(head: head, from: from), keys: other ?? keys, file: file,
                database: store.database, clock: store.runtime.clock)
        }

        func tamper(_ sql: String) async throws {
            try await store.database.write { try $0.script(sql) }
        }

        /// False where the value is empty.
        func flip(_ flip: Flip) async throws -> Bool {
            let (column, place) = (flip.column, "\(flip.table) WHERE \(flip.id) = \(flip.row)")
            return try await store.database.write { connection in
                let old = try connection.first("SELECT CAST(\(column) AS BLOB) FROM \(place)") {
                    $0.blob(0)
                }
                guard var bytes = old, !bytes.isEmpty else { return false }
                bytes[Int(flip.cut % UInt64(bytes.count))] ^= 1 << UInt8(flip.cut >> 32 & 7)
                let value = flip.isText ? "CAST(? AS TEXT)" : "?"
                let sql = "UPDATE \(flip.table) SET \(column) = \(value) WHERE \(flip.id) = ?"
                return try connection.run(sql, [.blob(bytes), .integer(flip.row)]) == 1
            }
        }
    }

    /// One bit of what is stored of a filled vault's six entries and three seals.
    private struct Flip {
        let table, id, column: String
        let row: Int64
        let isText: Bool
        /// Where in the value.
        let cut: UInt64

        init(using random: inout TestRandom) {
            let isEntry = Bool.random(using: &random)
            let texts = ["operation", "time", "account", "door", "root", "before", "after"]
            let columns = isEntry ? texts : ["time", "leaves", "seal"]
            let column = columns.randomElement(using: &random) ?? "time"
            (table, id) = isEntry ? ("change_log", "seq") : ("history_seal", "number")
            self.column = column
            row = Int64.random(in: 1...(isEntry ? 6 : 3), using: &random)
            isText = texts.contains(column)
            cut = UInt64.random(in: 0...UInt64.max, using: &random)
        }
    }

    @Test func `an untouched history is intact, other programs' writes included`() async throws {
        let vault = try await Vault()
        try await vault.fill()
        let found = try await vault.verify()
        #expect(found.fault == nil)
        #expect(found.seals == 3 && found.entries == 6 && found.unsealed == 0)
        #expect(found.next == nil)
        #expect(try vault.file.read()?.description == found.head)
        try await vault.store.create(ticket, ["subject": "new"])
        #expect(try await vault.verify().unsealed == 1)
    }

    @Test(arguments: [
        ("UPDATE change_log SET account = 'eve' WHERE seq = 2", "entry-changed", 2),
        ("UPDATE change_log SET depth = 1 WHERE seq = 3", "entry-changed", 3),
        (
            """
            UPDATE change_log SET after = replace(replace(after, '"score":5', '"score":6'),
            '"score" : 5', '"score" : 6') WHERE seq = 4
            """, "entry-changed", 4
        ),
        ("UPDATE change_log SET before = '' WHERE seq = 1", "entry-changed", 1),
        ("UPDATE change_log SET cause_account = 'eve' WHERE seq = 1", "entry-changed", 1),
        ("UPDATE change_log SET class = 1 WHERE seq = 5", "entry-changed", 5),
        ("DELETE FROM change_log WHERE seq = 3", "entry-missing", 3),
        ("DELETE FROM change_log WHERE seq = 6", "entry-missing", 6),
        ("UPDATE change_log SET kept = 0 WHERE seq = 6", "entry-missing", 6),
        ("UPDATE change_log SET seq = 100 WHERE seq = 2", "entry-missing", 2),
    ])
    func `an entry that was changed or removed is named`(
        sql: String, code: String, entry: Int64
    ) async throws {
        let vault = try await Vault()
        try await vault.fill()
        try await vault.tamper(sql)
        let fault = try await vault.verify().fault
        #expect(fault?.code == code)
        #expect(fault?.entry == entry)
    }

    @Test func `an entry that was put between others is named`() async throws {
        let vault = try await Vault()
        try await vault.store.apply(
            helpdesk {
                $0 = $0.replacing(
                    #""describe": "{name}""#, with: #""describe": "{name}", "history": false"#)
            })
        try await vault.store.create(ticket, ["subject": "a"])
        try await vault.store.create(customer, ["name": "Anna"])
        try await vault.store.create(ticket, ["subject": "b"])
        try await vault.seal()
        try await vault.tamper("DELETE FROM change_log WHERE kept = 0")
        #expect(try await vault.verify().fault == nil)
        try await vault.tamper(
            """
            INSERT INTO change_log SELECT 2, class, record, operation, version, time, 'eve', door,
            root, via, depth, before, after, kept, NULL FROM change_log WHERE seq = 1
            """)
        let fault = try await vault.verify().fault
        #expect(fault?.code == "entry-inserted" && fault?.entry == 2)
    }

    @Test(.ofFile) func `random bits that flip in the log or in its seals are all found`()
        async throws
    {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = TestRandom(seed: seed)
        let vault = try await Vault()
        try await vault.fill()
        var flips = 0
        for _ in 0..<60 {
            let flip = Flip(using: &random)
            // Another program's entry has no root, and a new record nothing before it: there is no
            // bit to flip.
            guard try await vault.flip(flip) else { continue }
            flips += 1
            let fault = try await vault.verify().fault
            #expect(fault != nil, "seed \(seed): \(flip)")
            // The same flip again puts it right.
            _ = try await vault.flip(flip)
            #expect(try await vault.verify().fault == nil, "seed \(seed): \(flip)")
        }
        #expect(flips > 0)
    }

    @Test func `a tail that was cut off is missed, by the file and by a head kept elsewhere`()
        async throws
    {
        let vault = try await Vault()
        try await vault.fill()
        let head = try #require(try await vault.verify().head)
        #expect(try await vault.verify(head: head).fault == nil)
        try await vault.tamper(
            """
            DELETE FROM history_seal WHERE number = 3; DELETE FROM change_log WHERE seq > 4;
            """)
        let fault = try await vault.verify().fault
        #expect(fault?.code == "tail-missing" && fault?.seal == 3)
        try Files.remove(vault.file.path)
        #expect(try await vault.verify().fault == nil)
        #expect(try await vault.verify(head: head).fault?.code == "tail-missing")
    }

    @Test func `a chain that was made anew does not have the head that was kept`() async throws {
        let vault = try await Vault()
        try await vault.fill()
        let head = try #require(try await vault.verify().head)
        try await vault.tamper("UPDATE change_log SET account = 'eve'; DELETE FROM history_seal")
        try Files.remove(vault.file.path)
        let forger = try await Vault(folder: vault.store.folder)
        for _ in 0..<3 { try await forger.seal() }
        try await vault.store.create(ticket, ["subject": "x"])
        try await forger.seal()
        try await vault.store.create(ticket, ["subject": "y"])
        try await forger.seal()
        #expect(try await vault.verify().fault == nil)
        #expect(try await vault.verify(head: head).fault?.code == "other-chain")
    }

    @Test func `with a key nobody who has only the database makes a chain that holds`()
        async throws
    {
        let keys = HistoryKeys([HistoryChainTests.secret])
        let vault = try await Vault(keys: keys)
        try await vault.fill()
        #expect(try await vault.verify().fault == nil)
        // The forger has everything but the key.
        try await vault.tamper("UPDATE change_log SET account = 'eve'; DELETE FROM history_seal")
        try Files.remove(vault.file.path)
        let forger = try await Vault(folder: vault.store.folder)
        try await forger.seal()
        #expect(try await forger.verify().fault == nil)
        #expect(try await vault.verify().fault?.code == "no-key")
        try await vault.tamper("UPDATE history_seal SET key = '\(keys.current)'")
        #expect(try await vault.verify().fault?.code == "seal-changed")
    }

    @Test func `a key can be set and changed, and old seals still verify`() async throws {
        let vault = try await Vault()
        try await vault.fill()
        let first = HistoryKeys([HistoryChainTests.secret])
        let keyed = try await Vault(keys: first, folder: vault.store.folder)
        #expect(try await keyed.verify().fault?.code == "no-key")
        // Without any new entry, what stands is bound under the key at once.
        try await keyed.seal()
        #expect(try await keyed.verify().fault == nil)
        let second = HistoryKeys([String(HistoryChainTests.secret.reversed()), first.keys[0].id])
        let changed = HistoryKeys(
            [String(HistoryChainTests.secret.reversed()), HistoryChainTests.secret])
        let later = try await Vault(keys: changed, folder: vault.store.folder)
        try await later.store.create(ticket, ["subject": "later"])
        try await later.seal()
        #expect(try await later.verify().fault == nil)
        #expect(try await later.verify(keys: second).fault?.code == "unknown-key")
    }

    @Test func `a service that finds another chain than it left keeps the head as evidence`()
        async throws
    {
        let vault = try await Vault()
        try await vault.fill()
        let kept = try vault.file.read()
        try await vault.tamper("DELETE FROM history_seal WHERE number = 3")
        let group = ServiceGroup(services: [vault.sealer], log: vault.store.runtime.log)
        let running = Task { try await group.run() }
        try await eventually("the new seal") {
            try await vault.store.database.read {
                try $0.count("SELECT max(number) FROM history_seal") == 3
            }
        }
        group.shutdown()
        try await running.value
        #expect(try vault.file.read() == kept)
        #expect(try await vault.verify().fault?.code == "other-chain")
        #expect(
            vault.store.runtime.metrics.render()
                .contains("geartrain_records_history_broken_count 1"))
    }

    @Test func `classes without history stand outside, and turning it on or off is an entry`()
        async throws
    {
        let vault = try await Vault()
        try await vault.fill()
        func without(_ isOff: Bool) throws -> JSONValue {
            try helpdesk {
                guard isOff else { return }
                $0 = $0.replacing(
                    "\"#{id} {subject}\"", with: "\"#{id} {subject}\", \"history\": false")
            }
        }
        try await vault.store.apply(without(true))
        try await vault.store.change(ticket, 1, ["score": 1])
        try await vault.seal()
        #expect(try await vault.store.history(ticket, 1).count == 3)
        try await vault.store.apply(without(false))
        try await vault.store.change(ticket, 1, ["score": 2])
        try await vault.seal()
        #expect(try await vault.store.history(ticket, 1).count == 4)
        try await vault.tamper("DELETE FROM change_log WHERE kept = 0")
        #expect(try await vault.verify().fault == nil)
        let switches = try await vault.store.database.read { connection in
            try connection.query(
                "SELECT operation, account, root FROM change_log WHERE record = 0 ORDER BY seq"
            ) { [$0.text(0), $0.text(1), $0.text(2)] }
        }
        #expect(
            switches == [
                ["history-off", "admin", "model:helpdesk/2"],
                ["history-on", "admin", "model:helpdesk/3"],
            ])
    }

    @Test func `a long chain is verified in parts`() async throws {
        let vault = try await Vault()
        try await vault.fill()
        for number in 0..<40 {
            try await vault.store.create(ticket, ["subject": .string("s\(number)")])
            try await vault.seal()
        }
        let whole = try await vault.verify()
        #expect(whole.seals == 43 && whole.entries == 46 && whole.fault == nil)
        let rest = try await vault.verify(from: 40)
        #expect(rest.seals == 3 && rest.entries == 3 && rest.head == whole.head)
        #expect(
            await refusal { try await vault.verify(from: 99) }?.faults == ["/from not-found"])
        #expect(
            await refusal { try await vault.verify(head: "17") }?.faults == ["/head wrong-format"])
    }
}
