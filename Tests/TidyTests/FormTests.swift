import Testing

@Test func `the project's files are found`() {
    #expect(Project.code.count > 50)
    #expect(Project.files.contains { $0.path == "Package.swift" })
    #expect(Project.files.contains { $0.path == ".ci/run" })
}

@Test func `lines fit 100 columns`() {
    for file in Project.files where file.ends(".swift", ".c", ".h", "Makefile", "Scripts/setup") {
        // Texts over several lines (SQL, mails) stand as they are.
        var isText = false
        for (number, line) in file.lines.enumerated() {
            if line.contains("\"\"\"") { isText.toggle() }
            guard line.utf8.count > 100, !isText, line.count > 100 else { continue }
            // Long literals of tests too: tables of input are easier to read in lines.
            if file.isBelow("Tests"), line.contains("\"") { continue }
            Issue.record("\(file.path):\(number + 1) has \(line.count) columns; at most 100")
        }
    }
}

@Test func `files have at most 400 lines`() {
    for file in Project.swiftFiles where file.lines.count > 401 {
        Issue.record("\(file.path) has \(file.lines.count - 1) lines; part it by its themes")
    }
}

@Test func `functions have at most 70 lines`() {
    for file in Project.swiftFiles {
        for function in functions(file.lines) where function.length > 70 {
            Issue.record(
                "\(file.path):\(function.line) has \(function.length) lines; at most 70 fit a screen"
            )
        }
    }
}

/// Where functions begin and how long they are, told by the indentation that swift-format gives
/// them.
private func functions(_ lines: [Substring]) -> [(line: Int, length: Int)] {
    var result: [(line: Int, length: Int)] = []
    for (start, line) in lines.enumerated() {
        let indentation = line.prefix { $0 == " " }
        let words = line.dropFirst(indentation.count).split(separator: " ")
        let declares = words.prefix(6).contains { word in
            word == "func" || word.hasPrefix("init(") || word.hasPrefix("init?(")
                || word.hasPrefix("subscript(") || word == "deinit"
        }
        guard declares, !line.contains("//"), !line.hasSuffix("}") else { continue }
        let closing = indentation + "}"
        guard let end = lines[start...].firstIndex(where: { $0.hasPrefix(closing) }) else {
            continue
        }
        // A requirement of a protocol has no body: the brace found closes something else.
        let opens = lines[start...end].contains { $0.hasSuffix("{") || $0.contains("{ ") }
        if opens { result.append((start + 1, end - start + 1)) }
    }
    return result
}

@Test func `functions are measured`() {
    let text = """
        struct A {
            func one() { 1 }
            func two() {
                call {
                }
            }
            init(
                a: Int
            ) {
                self.a = a
            }
        }
        """
    let found = functions(text.split(separator: "\n", omittingEmptySubsequences: false))
    #expect(found.map(\.line) == [3, 7])
    #expect(found.map(\.length) == [4, 5])
}

/// A word that is not written, where, and what is written instead.
private struct Banned: Sendable {
    let word: String
    let instead: String
    let isChecked: @Sendable (Project.File) -> Bool

    init(
        _ word: String, _ instead: String, in isChecked: @escaping @Sendable (Project.File) -> Bool
    ) {
        self.word = word
        self.instead = instead
        self.isChecked = isChecked
    }
}

@Sendable private func isCode(_ file: Project.File) -> Bool {
    file.isBelow("Shared", "Services", "compose")
}
@Sendable private func isAny(_ file: Project.File) -> Bool {
    !file.isBelow("Tests/TidyTests") && file.path != "CONTRIBUTING.md"
}
@Sendable private func isTest(_ file: Project.File) -> Bool {
    file.isBelow("Tests") && !file.isBelow("Tests/TidyTests", "Tests/Benchmarks")
        && file.name != "Eventually.swift"
}

/// A server that is slow on purpose.
@Sendable private func slow(_ file: Project.File) -> Bool { file.name == "CurlHTTPTests.swift" }

private let banned: [Banned] = [
    Banned("import Foundation", "Glibc and Shared/ServiceRuntime", in: isCode),
    Banned("import Dispatch", "an actor, EventLoop or ThreadExecutor", in: isCode),
    Banned("try!", "an error that is thrown", in: isAny),
    Banned(" as!", "as? and a clear error", in: isAny),
    Banned(
        "fatalError(", "a thrown error, or preconditionFailure where only we can err", in: isCode),
    Banned("FIXME", "the mending, or an issue", in: isAny),
    Banned("TODO", "the work, or an issue", in: isAny),
    Banned(" print(", "the log, or standard output by write", in: isCode),
    Banned("debugPrint(", "the log", in: isCode),
    Banned("timespec(", "SystemClock (Glibc's struct is not always seen)", in: isAny),
    Banned("timeval(", "a function of Shared/CLinux", in: isAny),
    Banned(".tv_sec", "SystemClock, or a function of Shared/CLinux", in: isAny),
    Banned("NSLock", "Mutex", in: isAny),
    Banned("DispatchQueue", "an actor, EventLoop or ThreadExecutor", in: isAny),
    Banned(
        "Task.sleep", "WallClock.sleep",
        in: { file in isCode(file) && file.name != "WallClock.swift" }),
    Banned(
        "Task.sleep", "eventually, or a ManualClock",
        in: { file in isTest(file) && !file.isBelow("Tests/SimulationTests") && !slow(file) }),
]

@Test func `what is banned is not written`() {
    for file in Project.swiftFiles {
        // Most words stand in no file: looking at the whole text first is quick.
        for rule in banned where rule.isChecked(file) && file.text.contains(rule.word) {
            for (number, line) in file.lines.enumerated() where line.contains(rule.word) {
                if line.drop(while: { $0 == " " }).hasPrefix("//") { continue }
                Issue.record("\(file.path):\(number + 1): \(rule.word): write \(rule.instead)")
            }
        }
    }
}

@Test func `nothing tells of a developer's machine`() {
    let places = ["/home/", "/Users/", "/" + "work/", "C:\\Users"]
    for file in Project.files where !file.isBelow("Tests/TidyTests") {
        for place in places where file.text.contains(place) {
            Issue.record("\(file.path) names \(place)")
        }
    }
}

@Test func `files end in one line break and have no blanks at the ends of lines`() {
    for file in Project.files where !file.text.isEmpty && !file.ends(".eml", ".csv", ".txt") {
        if !file.text.hasSuffix("\n") || file.text.hasSuffix("\n\n") {
            Issue.record("\(file.path) does not end in one line break")
        }
        for (number, line) in file.lines.enumerated() where line.hasSuffix(" ") {
            if file.ends(".md") || file.isBelow("Tests") { continue }
            Issue.record("\(file.path):\(number + 1) ends in a blank")
        }
    }
}
