import Batch
import Gateway
import Mail
import Records
import ServiceRuntime
import Testing
import Workflow

/// The settings that a service reads, by reading them.
private func settings(of service: String) -> [ConfigurationReader.Entry] {
    let key = String(repeating: "k", count: 64)
    let reader = ConfigurationReader(service: service, environment: ["RPC_KEY": key])
    switch service {
    case "Gateway": _ = GatewayConfiguration(reading: reader)
    case "Records": _ = RecordsConfiguration(reading: reader)
    case "Mail": _ = MailConfiguration(reading: reader)
    case "Workflow": _ = WorkflowConfiguration(reading: reader)
    default: _ = BatchConfiguration(reading: reader)
    }
    return reader.entries
}

@Test(arguments: Project.services)
func `a service's page names every setting`(_ service: String) {
    let page = Project.text("Services/\(service)/README.md")
    let prefix = service.uppercased()
    let names =
        settings(of: service).map(\.name) + [
            "\(prefix)_LOG_LEVEL", "\(prefix)_SHUTDOWN_DEADLINE",
        ]
    for name in names where !page.contains("`\(name)`") {
        Issue.record("Services/\(service)/README.md does not name the setting `\(name)`")
    }
}

@Test(arguments: Project.services)
func `a setting says what it is for`(_ service: String) {
    for entry in settings(of: service) {
        #expect(entry.help.count > 4, "\(entry.name)")
        #expect(
            entry.name.allSatisfy { $0.isUppercase || $0.isNumber || $0 == "_" }, "\(entry.name)")
    }
}

@Test func `a service's page names every call that it serves`() {
    for file in Project.code where file.isBelow("Shared/Contracts") {
        for line in file.lines {
            guard let path = quoted(after: "static let path = ", in: line) else { continue }
            let owner = path.contains("/") ? path.split(separator: "/").first.map(String.init) : nil
            let owners = Project.services.filter { service in
                owner.map { $0 == service.lowercased() } ?? serves(service, path)
            }
            #expect(!owners.isEmpty, "\(path) has no service")
            for owner in owners where !Project.text("Services/\(owner)/README.md").contains(path) {
                Issue.record("Services/\(owner)/README.md does not name the call \(path)")
            }
        }
    }
}

/// A call without a service in its path is served by those whose routes name its type.
private func serves(_ service: String, _ path: String) -> Bool {
    let type = path.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }
        .joined()
    return Project.code.contains {
        $0.isBelow("Services/\(service)") && $0.text.contains("\(type).self")
    }
}

@Test(arguments: Project.services)
func `a service's page names every table`(_ service: String) {
    let page = Project.text("Services/\(service)/README.md")
    for file in Project.code where file.isBelow("Services/\(service)") {
        for line in file.lines {
            let upper = line.uppercased()
            guard upper.contains("CREATE TABLE ") else { continue }
            let words = line.split { $0 == " " || $0 == "(" || $0 == "\"" }.map(String.init)
            guard let table = words.firstIndex(where: { $0.uppercased() == "TABLE" }) else {
                continue
            }
            let name = words.dropFirst(table + 1).first { word in
                !["IF", "NOT", "EXISTS"].contains(word.uppercased())
            }
            guard let name, name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" }) else {
                continue
            }
            if !page.contains("`\(name)`") {
                Issue.record("Services/\(service)/README.md does not name the table `\(name)`")
            }
        }
    }
}

@Test func `every problem code has its explanation`() {
    let table = Project.code.filter {
        $0.isBelow("Services/Gateway") && $0.name.hasPrefix("Problem")
    }
    .map(\.text).joined()
    #expect(table.contains("not-found"))
    var codes: [String: String] = [:]
    for file in Project.code where !file.isBelow("Services/Workflow/ScriptHost") {
        for (number, line) in file.lines.enumerated() {
            let isProblem = line.contains("status:") || isAfterStatus(file.lines, number)
            guard isProblem, let code = quoted(after: "code: ", in: line) else { continue }
            codes[code] = "\(file.path):\(number + 1)"
        }
    }
    #expect(codes.count > 10)
    for (code, place) in codes where !table.contains("\"\(code)\"") {
        Issue.record("\(place): the gateway does not explain the problem \(code)")
    }
}

/// `Problem(status: 400,` and its code on the next line.
private func isAfterStatus(_ lines: [Substring], _ number: Int) -> Bool {
    number > 0 && lines[number - 1].contains("status:")
}

private func quoted(after mark: String, in line: Substring) -> String? {
    let pieces = line.split(separator: mark, maxSplits: 1, omittingEmptySubsequences: false)
    guard pieces.count == 2, pieces[1].first == "\"" else { return nil }
    return pieces[1].dropFirst().split(separator: "\"").first.map(String.init)
}

@Test func `links between pages lead somewhere`() {
    for file in Project.files where file.ends(".md") {
        let folder = file.path.split(separator: "/").dropLast()
        for piece in file.text.split(separator: "](").dropFirst() {
            guard let target = piece.split(separator: ")").first else { continue }
            let path = target.split(separator: "#", omittingEmptySubsequences: false).first ?? ""
            if path.isEmpty || path.contains("://") { continue }
            var parts = folder.map(String.init)
            for part in path.split(separator: "/") {
                if part == ".." { parts = parts.dropLast() } else { parts.append(String(part)) }
            }
            let full = Project.root + "/" + parts.joined(separator: "/")
            #expect(Files.exists(full), "\(file.path) links to \(target)")
        }
    }
}

@Test func `the pages name only targets that the Makefile has`() {
    let targets = Set(
        Project.text("Makefile").split(separator: "\n").compactMap { line -> String? in
            guard let colon = line.firstIndex(of: ":"), line.first?.isLetter == true else {
                return nil
            }
            return String(line[..<colon])
        })
    for target in ["run", "test", "bench", "format", "setup", "clean"] {
        #expect(targets.contains(target))
    }
    for file in Project.files where file.ends(".md") {
        for piece in file.text.split(separator: "`make ").dropFirst() {
            let name = String(piece.prefix { $0.isLetter || $0 == "-" })
            #expect(targets.contains(name), "\(file.path) names make \(name)")
        }
    }
}
