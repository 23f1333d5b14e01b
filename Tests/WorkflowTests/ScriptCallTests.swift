import Contracts
import HTTP
import JSON
import RPC
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Workflow

/// What scripts ask for by `gt`, with a real script host and fakes for who is asked.
@Suite struct ScriptCallTests {
    private static let anna = Principal(
        account: "anna", roles: ["agent"], permissions: ["mail:send", "models:write"])

    private static func script(
        _ code: String, _ source: String, _ members: JSONValue = [:]
    ) -> JSONValue {
        var script = JSONObject([
            ("code", .string(code)), ("source", .string(source)), ("web", true),
        ])
        for (key, value) in members.object?.members ?? [] { script[key] = value }
        return .object(script)
    }

    private func with(
        _ scripts: JSONValue..., rules: JSONValue = [], workflows: JSONValue = [],
        hook: @escaping @Sendable (String, FakePeers.Moment) throws -> Void = { _, _ in },
        _ body: (World) async throws -> Void
    ) async throws {
        try await World.with(hook: hook) { world async throws in
            try await world.take(
                Model.document(
                    rules: rules, scripts: .array(scripts), workflows: workflows))
            _ = try await world.call(
                TakeDirectory(
                    base: 0, version: 3,
                    accounts: [
                        DirectoryAccount(
                            code: "robot", name: "Robot", active: true, kind: "service",
                            roles: ["boss"], permissions: ["mail:send", "workflow:operate"]),
                        DirectoryAccount(
                            code: "anna", name: "Anna", active: true, roles: ["agent"]),
                        DirectoryAccount(code: "locked", name: "Locked", active: false),
                    ]))
            world.peers.state.withLock {
                $0.records[1] = JSONObject([
                    ("id", 1), ("version", 1), ("describe", "#1"), ("subject", "a"),
                    ("email", "a@x"),
                ])
            }
            try await body(world)
        }
    }

    private func run(
        _ world: World, _ code: String, _ parameters: JSONValue = [:],
        as principal: Principal = anna, key: String? = nil
    ) async throws -> JSONValue {
        let call = RunScript(
            script: FullCode(model: "helpdesk", code: code), parameters: parameters)
        return try await world.json(call, as: principal, key: key)["result"] ?? .null
    }

    @Test func `a script reads and acts with the caller's rights, through the door script`()
        async throws
    {
        let source = """
            const seen = gt.records.get('ticket', parameters.id);
            const found = gt.records.find('helpdesk.ticket', {filter: "subject eq 'a'", limit: 5});
            const made = gt.records.create('ticket', {subject: 'new'});
            const changed = gt.records.change('ticket', seen.id, {subject: 'b'}, {version: 1});
            gt.records.remove('ticket', made.id);
            const mail = gt.mail.send({to: seen.email, notification: 'asking', record: 'x'});
            return [seen.subject, found.length, made.id, changed.subject, mail.state];
            """
        try await with(Self.script("all", source)) { world async throws in
            let result = try await run(world, "all", ["id": 1], key: "k")
            #expect(result == ["a", 1, 2, "b", "queued"])
            let contexts = world.peers.state.withLock(\.contexts)
            let keys = ["k#1", "k#2", "k#3", "k#4"]
            #expect(keys.allSatisfy { contexts[$0]?.principal.account == "anna" })
            #expect(keys.allSatisfy { contexts[$0]?.door == .script })
            #expect(contexts["k#1"]?.cause.via == "script:helpdesk.all")
            #expect(contexts["k#1"]?.cause.depth == 1)
            let mail = world.peers.state.withLock { $0.mails.last }
            #expect(mail?.notification == "helpdesk.asking" && mail?.to == ["a@x"])
            // The same again is the same, and done once.
            let again = try await run(world, "all", ["id": 1], key: "k")
            #expect(again.array?[2] == 2)
            #expect(world.peers.state.withLock { $0.mails.count } == 1)
        }
    }

    @Test func `a call that fails is an error that a script can catch`() async throws {
        let source = """
            const errors = [];
            for (const body of [
                () => gt.records.get('ticket', 99), () => gt.records.get('no code!', 1),
                () => gt.records.find('ticket', {fliter: 'x'}), () => gt.events.raise('nobody'),
                () => gt.imports.run('prices'), () => gt.workflows.start('nothing'),
            ]) try { body(); } catch (error) {
                errors.push([error instanceof Error, error.code, error.status, error.message]);
            }
            return errors;
            """
        try await with(Self.script("catching", source)) { world async throws in
            let errors = try await run(world, "catching").array?.compactMap(\.array) ?? []
            #expect(errors.allSatisfy { $0[0] == true })
            #expect(
                errors.map { $0[1] }.prefix(3)
                    == ["not-found", "validation-failed", "validation-failed"])
            #expect(errors.map { $0[2] } == [404, 422, 422, 404, 422, 403])
            #expect(errors[2][3].string?.contains("fliter") == true)
            #expect(errors[4][3].string?.contains("upload") == true)
        }
    }

    @Test func `runAs is whose rights a script has, and who is locked acts nowhere`()
        async throws
    {
        let source = "return gt.records.change('ticket', 1, {subject: 'c'}).subject"
        try await with(
            Self.script("robots", source, ["runAs": "robot"]),
            Self.script("lockeds", source, ["runAs": "locked"])
        ) { world async throws in
            #expect(try await run(world, "robots", key: "k") == "c")
            let context = try #require(world.peers.state.withLock { $0.contexts["k#1"] })
            #expect(context.principal.account == "robot" && context.principal.roles == ["boss"])
            #expect(context.principal.directory == 3 && !context.principal.isSystem)
            let call = RunScript(script: FullCode(model: "helpdesk", code: "lockeds"))
            let problem = await world.problem(of: call, as: Self.anna)
            #expect(problem?.code == "script-failed")
            #expect(problem?.detail?.contains("locked or switched off") == true)
        }
    }

    @Test func `runAs waits for the directory that its caller knows, and for the one it knows`()
        async throws
    {
        let source = "return gt.records.change('ticket', 1, {subject: 'c'}).subject"
        let isBehind = Atomic(true)
        try await with(
            Self.script("robots", source, ["runAs": "robot"]),
            hook: { _, moment in
                // Records stands at an older directory than the principal is made from.
                guard moment == .before, isBehind.load(ordering: .relaxed) else { return }
                throw Problem.directoryBehind
            }
        ) { world async throws in
            let call = RunScript(script: FullCode(model: "helpdesk", code: "robots"))
            var anna = Self.anna
            anna.directory = 4
            let here = await world.problem(of: call, as: anna)
            #expect(here?.status == 503 && here?.code == "directory-behind")
            #expect(here?.retryAfter == 1)
            #expect(world.peers.state.withLock(\.calls).isEmpty, "nobody is asked before")
            anna.directory = 3
            let there = await world.problem(of: call, as: anna)
            #expect(there?.status == 503 && there?.code == "directory-behind")
            #expect(world.peers.state.withLock(\.changes).isEmpty)
            isBehind.store(false, ordering: .relaxed)
            #expect(await world.problem(of: call, as: anna) == nil)
            #expect(world.peers.state.withLock(\.changes).count == 1)
        }
    }

    @Test
    func `a step's script acts for the account at the root, and where there is none it says so`()
        async throws
    {
        let workflows: JSONValue = [
            [
                "code": "flow", "class": "ticket", "start": "s",
                "steps": [
                    [
                        "code": "s", "kind": "script", "next": "end",
                        "source": "gt.records.change('ticket', record.id, {subject: 'd'});",
                    ],
                    ["code": "end", "kind": "end"],
                ],
            ]
        ]
        let start = StartWorkflow(workflow: FullCode(model: "helpdesk", code: "flow"), record: 1)
        try await with(workflows: workflows) { world async throws in
            let cause = Cause(root: "request:9", account: "anna")
            let bytes = try await world.call(start, cause: cause)
            let id = try #require(try JSONValue(parsing: bytes.bytes)["id"]?.integer)
            try await world.reaches(id, "finished")
            let context = try #require(
                world.peers.state.withLock { $0.contexts["workflow:\(id)/s/1#1"] })
            #expect(context.principal.account == "anna" && context.principal.roles == ["agent"])
            #expect(context.cause.root == "request:9" && context.cause.account == "anna")
            let nobody = try await world.call(start, cause: Cause(root: "mail:1"))
            let other = try #require(try JSONValue(parsing: nobody.bytes)["id"]?.integer)
            try await eventually("an incident") { try await !world.incidents().isEmpty }
            let incident = try #require(try await world.incidents().first)
            #expect(incident["instance"]?.integer == other)
            #expect(incident["problem"]?.text.contains("runAs") == true)
        }
    }

    @Test func `a step whose script gets no answer is tried until it does, and acts once`()
        async throws
    {
        let workflows: JSONValue = [
            [
                "code": "flow", "start": "s",
                "steps": [
                    [
                        "code": "s", "kind": "script", "next": "end",
                        "source": "gt.records.change('ticket', 1, {subject: 'e'});",
                    ],
                    ["code": "end", "kind": "end"],
                ],
            ]
        ]
        let isAway = Atomic(true)
        try await with(
            workflows: workflows,
            hook: { _, moment in
                // What was asked is done, and the answer lost.
                guard moment == .after, isAway.load(ordering: .relaxed) else { return }
                throw Problem.unavailable("not there")
            }
        ) { world async throws in
            let start = StartWorkflow(workflow: FullCode(model: "helpdesk", code: "flow"))
            let bytes = try await world.call(
                start, cause: Cause(root: "request:9", account: "anna"))
            let id = try #require(try JSONValue(parsing: bytes.bytes)["id"]?.integer)
            let key = "workflow:\(id)/s/1#1"
            try await eventually("it was tried") {
                world.clock.advance(by: .seconds(1))
                return world.peers.state.withLock { $0.calls.count { $0 == key } } > 2
            }
            #expect(try await world.incidents().isEmpty)
            isAway.store(false, ordering: .relaxed)
            try await eventually("it is done") {
                world.clock.advance(by: .seconds(1))
                return try await world.instance(id)["state"] == "finished"
            }
            #expect(world.peers.state.withLock { $0.changes } == [key])
        }
    }

    @Test func `before a save a script may read, and not act`() async throws {
        let rules: JSONValue = [
            ["code": "r", "class": "ticket", "on": "inserting", "do": [["script": "look"]]],
            ["code": "w", "class": "ticket", "on": "deleting", "do": [["script": "touch"]]],
        ]
        try await with(
            Self.script("look", "record.subject = gt.records.get('ticket', 1).subject + '?'"),
            Self.script("touch", "gt.records.change('ticket', 1, {subject: 'no'})"), rules: rules
        ) { world async throws in
            func before(_ moment: RuleMoment) async throws -> BeforeRulesRun.Result {
                let record = JSONBytes((["subject": "x"] as JSONValue).bytes)
                let item = RunBeforeRules.Item(moment: moment, record: record, previous: record)
                let call = RunBeforeRules(
                    types: [FullCode(model: "helpdesk", code: "ticket")], models: ["helpdesk": 1],
                    items: [item])
                return try await world.call(call, as: Self.anna).results[0]
            }
            guard case .set(let set) = try await before(.inserting),
                case .refused(let problem) = try await before(.deleting)
            else {
                Issue.record("neither")
                return
            }
            #expect(JSONValue.object(set) == ["subject": "a?"])
            #expect(problem.code == "script-failed")
            #expect(problem.detail?.contains("may only read") == true)
        }
    }

    @Test func `a script returns a file, and nothing but gt-file makes one`() async throws {
        try await with(
            Self.script(
                "made", "return gt.file({name: 'a ž.csv', type: 'text/csv', text: 'x;ž\\n'})"),
            Self.script("bad", "return gt.file({name: '../x', text: ''})"),
            Self.script("forged", "gt.file({name: 'a', text: 'b'}); return {file: [{name: 'a'}]}")
        ) { world async throws in
            func answer(_ code: String) async throws -> JSONValue {
                try await world.json(
                    RunScript(script: FullCode(model: "helpdesk", code: code)), as: Self.anna)
            }
            let made = try await answer("made")["file"]
            #expect(made == ["name": "a ž.csv", "type": "text/csv", "content": "eDvFvgo="])
            let forged = try await answer("forged")
            #expect(forged["file"] == nil && forged["result"]?["file"] != nil)
            let bad = RunScript(script: FullCode(model: "helpdesk", code: "bad"))
            #expect(await world.problem(of: bad, as: Self.anna)?.status == 422)
        }
    }

    @Test func `shared blocks stand before the text, and faults are told in their block`()
        async throws
    {
        try await with(
            Self.script("base", "const one = 1;\nfunction fail() {\n  null.x;\n} // end"),
            Self.script("more", "const two = one + 1;", ["include": ["base"]]),
            Self.script("sum", "\nreturn two + one", ["include": ["more", "base"]]),
            Self.script("inner", "return fail()", ["include": ["more"]]),
            Self.script("own", "\n\nthrow new Error('here')", ["include": ["more"]])
        ) { world async throws in
            #expect(try await run(world, "sum") == 3)
            func fault(_ code: String) async -> JSONObject? {
                let call = RunScript(
                    script: FullCode(model: "helpdesk", code: code), parameters: ["x": 1])
                return await world.problem(of: call, as: Self.anna)?.extra
            }
            let inner = await fault("inner")
            #expect(inner?["script"] == "base" && inner?["line"] == 3)
            #expect(inner?["values"] == ["parameters": ["x": 1]])
            let own = await fault("own")
            #expect(own?["script"] == "own" && own?["line"] == 3)
        }
    }

    @Test func `GET runs only what says so`() async throws {
        try await with(
            Self.script("open", "return 1", ["get": true]), Self.script("shut", "return 1")
        ) { world async throws in
            let open = RunScript(script: FullCode(model: "helpdesk", code: "open"), byGet: true)
            #expect(try await world.json(open, as: Self.anna) == ["result": 1])
            let shut = RunScript(script: FullCode(model: "helpdesk", code: "shut"), byGet: true)
            #expect(await world.problem(of: shut, as: Self.anna)?.status == 403)
        }
    }

    @Test func `a try reads, and says what it would do without doing it`() async throws {
        let source = """
            gt.log('saw', gt.records.get('ticket', record.id).subject, {a: 1});
            gt.records.change('ticket', 1, {subject: one});
            record.subject = 'mine';
            return parameters.x + gt.mail.send({to: ['a@x'], subject: 's'}).id;
            """
        try await with(Self.script("base", "const one = 'uno'")) { world async throws in
            let call = TryScript(
                model: "helpdesk", source: source, include: ["base"], parameters: ["x": 4],
                record: 1, class: "ticket")
            let tried = try await world.json(call, as: Self.anna)
            #expect(tried["result"] == 4)
            #expect(tried["record"]?["subject"] == "mine")
            #expect(tried["log"] == [#"saw a {"a":1}"#])
            let calls = tried["calls"]?.array ?? []
            #expect(calls.map { $0["call"] ?? .null } == ["records.change", "mail.send"])
            #expect(calls.first?["arguments"] == ["ticket", 1, ["subject": "uno"]])
            #expect(world.peers.state.withLock { $0.mails.isEmpty && $0.changes.isEmpty })
            let failing = TryScript(
                model: "helpdesk", source: "let a;\na.b.c", parameters: ["x": 1])
            let failed = try await world.json(failing, as: Self.anna)
            #expect(failed["error"]?["line"] == 2 && failed["error"]?["script"] == "try")
            #expect((failed["error"]?["column"]?.integer ?? 0) > 0)
            #expect(failed["error"]?["values"]?["parameters"] == ["x": 1])
            let hanging = TryScript(model: "helpdesk", source: "for (;;);")
            let hung = try await world.json(hanging, as: Self.anna)
            #expect(hung["error"]?["limit"] == "time")
            let nobody = Principal(account: "bob")
            #expect(await world.problem(of: call, as: nobody)?.status == 403)
        }
    }
}
