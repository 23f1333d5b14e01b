import Testing

/// The alerts with their runbooks, in the order of the file.
private let alerts: [(name: String, runbook: String)] = {
    let lines = Project.text("compose/prometheus/alerts.yaml").split(separator: "\n")
    func values(_ key: String) -> [String] {
        lines.compactMap { line in
            let text = line.drop { $0 == " " || $0 == "-" }
            return text.hasPrefix(key + ": ") ? String(text.dropFirst(key.count + 2)) : nil
        }
    }
    return zip(values("alert"), values("runbook")).map { ($0, $1) }
}()

private let runbooks = Project.files.filter { $0.isBelow("compose/runbooks") }

@Test func `each alert has a runbook, and each runbook an alert`() {
    let text = Project.text("compose/prometheus/alerts.yaml")
    #expect(alerts.count > 10)
    #expect(alerts.count == text.split(separator: "- alert: ").count - 1)
    for alert in alerts {
        let page = Project.text(alert.runbook)
        #expect(page.contains("Alert `\(alert.name)`."), "\(alert.runbook)")
        for heading in ["## What it means", "## How to see it", "## What to do"] {
            #expect(page.contains(heading), "\(alert.runbook) has no \(heading)")
        }
    }
    #expect(Set(alerts.map(\.runbook)) == Set(runbooks.map(\.path)))
}

@Test func `the dashboard names runbooks that are there`() {
    let names = Set(runbooks.map { String($0.name.dropLast(3)) })
    let dashboard = Project.text("compose/grafana/geartrain.json")
    var found = 0
    for part in dashboard.split(separator: "\"description\": \"Runbook").dropFirst() {
        let list = part.drop { $0 != " " }.prefix { $0 != "\"" }
        for word in list.split(whereSeparator: { $0 == " " || $0 == "," }) {
            #expect(names.contains(String(word)), "there is no runbook \(word)")
            found += 1
        }
    }
    #expect(found > 10)
}

@Test(
    arguments: [
        ("compose/compose.yaml", ["gateway"]), ("compose/compose.postgresql.yaml", ["door"]),
    ])
func `only the door has a port on the machine`(_ path: String, _ doors: [String]) {
    var service = ""
    var open: [String] = []
    for line in Project.text(path).split(separator: "\n") {
        if line.hasPrefix("  "), !line.hasPrefix("   "), line.hasSuffix(":") {
            service = String(line.dropFirst(2).dropLast())
        }
        let text = line.drop { $0 == " " }
        if text.hasPrefix("ports:"), !text.hasSuffix("!reset []") { open.append(service) }
    }
    #expect(open == doors)
}

@Test func `a secret stands in no setting of the containers`() {
    for name in ["compose/compose.yaml", "compose/compose.postgresql.yaml", "compose/.env.example"]
    {
        for line in Project.text(name).split(separator: "\n") where !line.hasPrefix("#") {
            for word in ["PASSWORD", "RPC_KEY", "_DATABASE", "SMTP_URL", "HEADERS"]
            where line.contains(word) {
                #expect(line.contains("_FILE"), "\(name): \(line)")
            }
        }
    }
}
