import JSON
import Mail
import ServiceRuntime
import TestSupport

/// Reading messages, beside Python's `email`; and messages made to be slow to read, beside such of
/// half their size.
struct Parsing {
    let options: Options
    let folder: String

    /// Real messages where they stand beside the repository, else those that fuzzing begins with.
    private static var messages: String {
        let shared = TestFile.repository + "/../shared/mime/messages"
        return Files.exists(shared) ? shared : TestFile.repository + "/Tests/Fuzz/Seeds/mime"
    }

    func run(_ report: inout Report) async throws {
        say("Messages of \(Parsing.messages)")
        for _ in 1...options.rounds {
            report.add("messages read", try ours())
            report.add("messages read by Python's email", try await python())
            for bomb in Bomb.allCases {
                let (half, whole) = (bomb.message(bomb.size / 2), bomb.message(bomb.size))
                report.add("bomb of \(bomb), half", repeated { Message(parsing: half) })
                report.add("bomb of \(bomb)", repeated { Message(parsing: whole) })
            }
        }
        report.ratio(
            "read messages: to Python's email", "messages read", "messages read by Python's email",
            target: 5)
        for bomb in Bomb.allCases {
            report.ratio(
                "twice the \(bomb): time", "bomb of \(bomb)", "bomb of \(bomb), half", target: 2.4,
                atMost: true, \.median)
        }
    }

    private func ours() throws -> Sample {
        let messages = TestFile.names(in: Parsing.messages).compactMap {
            TestFile.bytes("\(Parsing.messages)/\($0)")
        }
        var next = 0
        return repeated {
            next = (next + 1) % messages.count
            return Message(parsing: messages[next])
        }
    }

    /// One after another until the time is over.
    private func repeated(_ read: () -> Message) -> Sample {
        let clock = ContinuousClock()
        let start = clock.now
        var times: [Double] = []
        var last = start
        while last - start < .seconds(Int64(options.seconds)) {
            _ = read()
            let now = clock.now
            times.append(Parsing.milliseconds(now - last))
            last = now
        }
        times.sort()
        return Sample(
            rate: Double(times.count) * 1000 / Parsing.milliseconds(last - start),
            median: times[times.count / 2], p99: times[times.count * 99 / 100])
    }

    private static func milliseconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) * 1000
            + Double(duration.components.attoseconds) / 1e15
    }

    private func python() async throws -> Sample {
        let program = folder + "/parse.py"
        try TestFile.write(Parsing.source, to: program)
        let (code, output) = try await ChildProcess.run(
            "python3", [program, Parsing.messages, "\(options.seconds)"],
            within: .seconds(Int64(options.seconds + 60)))
        let numbers = output.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
        guard code == 0, numbers.count == 3 else { throw BenchmarkError("python:\n\(output)") }
        return Sample(rate: numbers[0], median: numbers[1], p99: numbers[2])
    }

    /// Looks at what a mapping sees: addresses, date, subject, texts, attachments.
    private static let source = """
        import email, email.policy, os, sys, time
        folder, seconds = sys.argv[1], float(sys.argv[2])
        raws = [open(os.path.join(folder, name), "rb").read() for name in os.listdir(folder)]
        times, start, count = [], time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            began = time.perf_counter()
            try:
                mail = email.message_from_bytes(raws[count % len(raws)], policy=email.policy.default)
                for name in ("from", "to", "cc", "reply-to"):
                    if mail[name]: [(a.display_name, a.addr_spec) for a in mail[name].addresses]
                mail["subject"], mail["date"], mail["message-id"], mail["references"]
                for part in mail.walk():
                    if not part.is_multipart(): part.get_filename(), part.get_content()
            except Exception:
                pass  # Some are damaged: what it could not read it need not.
            count += 1
            times.append((time.perf_counter() - began) * 1000)
        spent = time.perf_counter() - start
        times.sort()
        print(count / spent, times[len(times) // 2], times[len(times) * 99 // 100])
        """
}

/// Messages made to be slow to read.
enum Bomb: String, CaseIterable, CustomStringConvertible {
    case nesting, parts, words, addresses, parameters, lines

    var description: String { rawValue }

    var size: Int {
        switch self {
        case .nesting: 20_000
        case .words, .addresses: 40_000
        case .parts: 100_000
        case .parameters, .lines: 200_000
        }
    }

    /// A message with so many of them, over the limits too.
    func message(_ count: Int) -> [UInt8] {
        let text =
            switch self {
            case .nesting:
                (0..<count).map {
                    "Content-Type: multipart/mixed; boundary=b\($0)\r\n\r\n--b\($0)\r\n"
                }.joined()
            case .parts:
                "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
                    + String(repeating: "--b\r\n\r\nx\r\n", count: count) + "--b--\r\n"
            case .words:
                "Subject: " + String(repeating: "=?utf-8?q?=C3=A4?= ", count: count) + "\r\n\r\n"
            case .addresses:
                "To: " + String(repeating: "\"a, b\" (c) <d@e.f>, ", count: count) + "\r\n\r\n"
            case .parameters:
                "Content-Type: text/plain"
                    + (0..<count).map { "; name*\($0)=x" }.joined() + "\r\n\r\n"
            case .lines:
                "Subject: x\r\n\r\n" + String(repeating: "--\r\n-- x\r\n", count: count)
            }
        return Array(text.utf8)
    }
}
