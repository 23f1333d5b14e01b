import ServiceRuntime
import TestSupport
import Testing

@testable import Workflow

@Suite struct `Zone files` {
    static let zones = [
        "Europe/Prague", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo",
        "Pacific/Apia", "Asia/Kathmandu", "Europe/Dublin", "Africa/Casablanca",
        "America/Sao_Paulo", "Antarctica/Troll", "Asia/Gaza", "America/Nuuk", "Africa/Monrovia",
        "Etc/GMT+5",
    ]

    /// Python reads the same files by code of its own.
    @Test func `offsets are those that another reader finds`() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = TestRandom(seed: seed)
        var lines: [String] = []
        for name in `Zone files`.zones {
            let zone = try ZoneFile.zone(name)
            // Both sides of each change from 2020 to 2096, which is by the table and by the rule.
            var times: [Int64] = []
            var stretch = zone.stretch(at: 1_577_836_800)
            while stretch.end < 4_000_000_000 {
                times += [stretch.end - 1, stretch.end]
                stretch = zone.stretch(at: stretch.end)
            }
            for _ in 0..<100 {
                times.append(.random(in: -3_000_000_000...6_000_000_000, using: &random))
            }
            lines += times.map { "\(name) \($0) \(zone.offset(at: $0))" }
        }
        let folder = TemporaryFolder()
        try TestFile.write(lines.joined(separator: "\n"), to: folder.path + "/times")
        let answer = try await ChildProcess.run(
            "python3",
            [
                "-c",
                """
                import datetime, sys, zoneinfo
                count = 0
                for line in open(sys.argv[1]):
                    zone, time, offset = line.split()
                    moment = datetime.datetime.fromtimestamp(int(time), zoneinfo.ZoneInfo(zone))
                    found = int(moment.utcoffset().total_seconds())
                    count += 1
                    if found != int(offset): print(zone, time, offset, "is", found)
                print(count)
                """, folder.path + "/times",
            ])
        #expect(answer.output == "\(lines.count)\n", "seed \(seed)")
    }

    @Test(arguments: [
        "", "Europe", "Europe/Atlantis", "europe/prague", "/etc/passwd", "../../etc/passwd",
        "Europe/../Europe/Prague", "Europe//Prague", "Europe/Prague/", "Europe/.", "zone.tab",
        "tzdata.zi", "right/Europe/Prague", "Europe/Prague\0", "Europe/Pra gue",
        String(repeating: "A", count: 65),
    ])
    func `what is no zone is refused`(name: String) {
        #expect(throws: ZoneError.self) { try ZoneFile.zone(name) }
    }

    @Test func `without the database only UTC is known`() throws {
        #expect(try ZoneFile.zone("UTC", in: "/nowhere").offset(at: 0) == 0)
        do {
            _ = try ZoneFile.zone("Europe/Prague", in: "/nowhere")
            Issue.record("a zone without a file")
        } catch {
            #expect(error.detail.contains("tzdata"))
        }
    }

    @Test func `a file that is cut off or damaged is refused and not read wrongly`() throws {
        let bytes = try #require(TestFile.bytes("/usr/share/zoneinfo/Europe/Prague"))
        #expect(ZoneFile.parse(bytes, name: "P")?.offset(at: 1_800_000_000) == 3600)
        for length in stride(from: 0, to: bytes.count, by: 7) {
            #expect(ZoneFile.parse(Array(bytes.prefix(length)), name: "P") == nil, "\(length)")
        }
        let seed = UInt64.random(in: 0 ... .max)
        var random = TestRandom(seed: seed)
        for _ in 0..<2000 {
            var damaged = bytes
            for _ in 0..<3 {
                damaged[.random(in: 0..<bytes.count, using: &random)] = .random(
                    in: 0...255, using: &random)
            }
            // It may pass for a zone; what is asked of it must only not trap.
            let zone = ZoneFile.parse(damaged, name: "P")
            _ = zone?.offset(at: 1_800_000_000)
            _ = zone?.stretch(at: .random(in: -9_000_000_000...9_000_000_000, using: &random))
        }
    }

    @Test func `a local time finds its moment`() throws {
        let prague = try ZoneFile.zone("Europe/Prague")
        let cases = [
            // 2026-03-29 02:30 never is: the jump. 2026-10-25 02:30 is twice: the first.
            ("2026-03-29T02:30:00Z", "2026-03-29T01:00:00.000Z"),
            ("2026-03-29T03:30:00Z", "2026-03-29T01:30:00.000Z"),
            ("2026-10-25T02:30:00Z", "2026-10-25T00:30:00.000Z"),
            ("2026-10-25T03:00:00Z", "2026-10-25T02:00:00.000Z"),
            ("2026-07-01T00:00:00Z", "2026-06-30T22:00:00.000Z"),
        ]
        for (local, expected) in cases {
            let seconds = try #require(Timestamp(local)).milliseconds / 1000
            #expect(Timestamp(milliseconds: prague.utc(of: seconds) * 1000).text == expected)
        }
    }

    @Test func `rules of the far future`() {
        let cases: [(String, Int64?)] = [
            ("CET-1CEST,M3.5.0,M10.5.0/3", 3600), ("EST5EDT,M3.2.0,M11.1.0", -18_000),
            ("<+0330>-3:30", 12_600), ("UTC0", 0),
            ("IST-1GMT0,M10.5.0,M3.5.0/1", 3600), ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", -7200),
            ("", nil), ("CET", nil), ("C1", nil), ("CET-1CEST,M3.5.0", nil),
            ("CET-1CEST,M13.5.0,M10.5.0", nil), ("CET-99", nil), ("CET-1x", nil),
        ]
        for (text, offset) in cases { #expect(PosixZone(text)?.offset == offset, "\(text)") }
    }
}
