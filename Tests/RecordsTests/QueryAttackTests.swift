import Contracts
import Database
import HTTP
import JSON
import RPC
import TestSupport
import Testing

@testable import Records

/// Queries that reach for what is not theirs.
@Suite struct QueryAttackTests {
    /// Ways to what no query may reach. Each is refused when the model is put, and where it were
    /// not, when it runs.
    static let attacks = [
        "select * from main.DataRow_2", "select * from DataRow_2", "select * from \"DataRow_2\"",
        "select * from [datarow_2]", "select * from `DATAROW_2`",
        "select count(*) from DataRow_2", "select count(*) from main.DataRow_2 x",
        "select * from main.helpdesk_ticket", "select count(*) from main.helpdesk_ticket",
        "select * from temp.helpdesk_ticket", "select * from change_log",
        "select count(*) from change_log", "select * from model", "select * from directory_account",
        "select * from DataSearch_2",
        "select count(*) from DataSearch_2_content", "select * from sqlite_master",
        "select * from sqlite_schema",
        "select count(*) from sqlite_master", "select * from sqlite_temp_master",
        "select * from sqlite_sequence", "select * from pragma_table_info('DataRow_2')",
        "select count(*) from pragma_table_info('DataRow_2')", "select * from pragma_database_list",
        "select * from dbstat", "select count(*) from dbstat", "select * from sqlite_stmt",
        "with a as (select * from main.DataRow_2) select * from a",
        "with helpdesk_ticket as (select * from main.DataRow_2) select * from helpdesk_ticket",
        "with DataRow_2 as (select * from main.DataRow_2) select * from DataRow_2",
        "with dbstat as (select 1) select * from dbstat, (select count(*) from main.dbstat)",
        "select (select count(*) from DataRow_2)", "select exists(select 1 from DataRow_2)",
        "select 1 union select count(*) from change_log",
        "select * from helpdesk_ticket where id in (select id from main.DataRow_2)",
        "select * from helpdesk_ticket t join main.DataRow_2 r using (id)",
        "select 1) union select * from main.DataRow_2 where (1", "select 1; select 2",
        "select 1; drop table DataRow_2", "select 1) limit 5 --", "select 1 /*", "select 1 --\n)",
        "select '", "select 1 from (select 1", "insert into DataRow_2 (subject) values ('x')",
        "update DataRow_2 set subject = 'x'", "delete from DataRow_2", "drop table DataRow_2",
        "create table x (a)", "create temp view x as select 1", "pragma query_only = off",
        "attach ':memory:' as a", "detach main", "vacuum into '/tmp/x'", "begin", "commit",
        "explain select 1", "explain query plan select 1", "reindex", "analyze",
        "with a as (select 1) delete from DataRow_2", "values (1) returning 1",
        "select load_extension('x')", "select readfile('/etc/passwd')",
        "select writefile('/tmp/x', 'y')", "select randomblob(1000000000)",
        "select zeroblob(1000000000)", "select printf('%.*c', 1000000000, 'x')",
        "select format('%.*c', 1000000000, 'x')", "select sqlite_version()",
        "select sqlite_source_id()", "select sqlite_compileoption_get(0)",
        "select last_insert_rowid()",
        "select changes()", "select total_changes()", "select gt_decimal(1, 2)",
        "select fts3_tokenizer('simple')", "select subject glob '*' from helpdesk_ticket",
        "select * from generate_series(1, 10)", "select random()", "select raise(abort, 'x')",
        "select ?", "select ?1", "select @a", "select $a", "select #1", "select : a",
        "select * from helpdesk_customer_x", "select a.* from helpdesk_ticket a, DataRow_1 b",
        "select 1 limit (select count(*) from change_log)",
        "select count(*) over (order by (select count(*) from change_log)) from helpdesk_ticket",
        "select * from \"reader helpdesk_ticket\"", "select * from \"checked helpdesk_ticket\"",
        "with \"checked helpdesk_ticket\" as (select 1) select * from helpdesk_ticket, change_log",
        String(repeating: "select * from (", count: 100) + "select 1"
            + String(repeating: ")", count: 100),
    ]

    @Test(arguments: attacks + (TestStore.isServer ? serverAttacks : []))
    func `a query reaches nothing but the views`(_ sql: String) async throws {
        let store = try await TestStore()
        try await store.apply(helpdesk(queries: []))
        let faults = try await store.faults(helpdesk(query: sql))
        #expect(faults.map(\.pointer) == ["/queries/0/sql"], "\(faults)")
        // And past that check, as it would run.
        let dialect = store.database.dialect
        guard let text = try? QueryText(sql, dialect) else { return }
        let snapshot = store.models.current
        let context = CallContext.caller("zoe", "customer")
        let classes = snapshot.views(of: text, model: "helpdesk")
        let views = try classes.map { name, item in
            CallerView(item, try snapshot.access(item.type, context), name: name, secret: "s ")
        }
        let nothing = classes.map { CallerView(checking: $1, name: $0) }
        let confinement = QueryRun.confinement(
            of: views, sample: QueryStatement(text, over: nothing, dialect).sample, dialect)
        let statement = QueryStatement(text, over: views, dialect).sql { _ in .null }
        let moment = store.records.moment(context)
        await #expect(throws: DatabaseError.self) {
            _ = try await store.database.read(confinedBy: confinement) {
                try $0.query(statement.text, statement.values(for: moment) + [1, 0]) {
                    $0.text(0)
                }
            }
        }
    }

    /// Conditions that go wrong on some rows: what comes of them must not depend on rows that are
    /// not the caller's.
    static let conditions = [
        "id = 1 and abs(score) > 0", "json_extract(subject, '$') is null",
        "case when subject = 'secret' then abs(score - 9223372036854775807) end is null",
        "subject = 'secret' and json(subject) is not null",
        "subject >= 'secret' and json(subject) is not null",
        "substr(subject, 1, 1) = 's' and json_extract('{' || subject, '$') = 1",
        "creator = 'ada' and json(subject) = 1", "spent > 0", "status = 'new' and json(status) = 1",
    ]
    static let serverConditions = [
        "1 / (score + 2) > 0", "subject::integer > 0", "id = 1 and cast(subject as date) is null",
        "case when subject = 'secret' then subject::numeric end is null",
        "subject = 'secret' and subject::json is not null",
        "subject >= 'secret' and subject::date is not null",
        "substr(subject, 1, 1) = 's' and subject::numeric = 1",
        "creator = 'ada' and subject::boolean", "1 / (spent - 90071992547409.93) > 0",
        "status = 'new' and status::integer = 1", "(subject || '{')::json is null",
        "subject in (select subject from helpdesk_ticket where subject::integer > 0)",
    ]

    @Test(arguments: TestStore.isServer ? serverConditions : conditions)
    func `no error tells of a row that is not the caller's`(_ condition: String) async throws {
        let store = try await TestStore()
        try await store.apply(
            helpdesk(query: "select id from helpdesk_ticket where \(condition)"))
        func outcome() async -> String {
            do {
                return "\(try await store.query("q", as: .caller("zoe", "customer")).ids)"
            } catch {
                return "\(error)"
            }
        }
        let before = await outcome()
        try await store.create(
            ticket, ["subject": "secret", "score": -2, "spent": json("90071992547409.93")],
            as: .caller("ada", "agent"))
        #expect(await outcome() == before)
    }

    @Test func `what a query computes has a length`() async throws {
        let store = try await TestStore()
        for sql in [
            """
            select \(TestStore.isServer ? "string_agg(a.subject" : "group_concat(hex(a.subject") \
            || b.subject\(TestStore.isServer ? "" : ")"), \
            '\(String(repeating: "x", count: 1000))') as x
            from helpdesk_ticket a, helpdesk_ticket b, helpdesk_ticket c
            """,
            """
            with recursive r(x) as (select cast(:big as text) union all select x || x from r)
            select length(x) as x from r
            """,
            "select replace(replace(:big, 'x', :big), 'x', :big) as x",
        ] {
            try await store.apply(
                helpdesk(
                    query: sql,
                    [
                        [
                            "code": "big", "type": "text",
                            "default": .string(String(repeating: "x", count: 1100)),
                        ]
                    ]))
            for _ in 0..<12 { try await store.create(ticket, ["subject": "x"]) }
            let problem = await refusal { try await store.query("q") }
            #expect(problem?.code == "query-failed", "\(problem?.detail ?? "-")")
        }
    }

    @Test func `a query sees one state and holds up no writer`() async throws {
        let store = try await TestStore()
        try await store.apply(
            helpdesk(
                query: """
                    with recursive c(n) as (select 1 union all select n + 1 from c where n < 300000)
                    select (select count(*) from helpdesk_ticket) as before, count(*) as n,
                      (select count(*) from helpdesk_ticket where id > 0) as after from c
                    """))
        async let answer = store.query("q")
        for _ in 0..<20 { try await store.create(ticket, ["subject": "x"]) }
        let row = try await answer["items"]?.array?.first
        #expect(row?["before"] == row?["after"])
    }
}
