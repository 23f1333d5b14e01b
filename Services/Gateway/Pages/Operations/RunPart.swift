import HTTP
import JSON
import RPC

/// The last runs that failed, and synchronizations whose end was not seen to be equal.
struct RunPart: Sendable {
    /// Runs that are looked through, of each.
    private static let limit = 20

    let pages: Pages
    let caller: Caller

    /// None for who may not see runs.
    func read(_ request: Request) async -> Part<[JSONValue]> {
        await Part(caller.identity?.may(Permissions.batchOperate) == true) {
            let limit = String(RunPart.limit)
            async let failed = pages.api(
                .get, Link("api", "runs", query: [("state", "failed"), ("limit", limit)]),
                request, caller)
            async let syncs = pages.api(
                .get,
                Link(
                    "api", "runs",
                    query: [("kind", "sync"), ("state", "succeeded"), ("limit", limit)]),
                request, caller)
            let unverified = (try await syncs["items"]?.array ?? []).filter {
                $0["verified"] == .boolean(false)
            }
            return (try await failed["items"]?.array ?? []) + unverified
        }
    }

    func show(_ runs: [JSONValue]) -> HTML {
        if runs.isEmpty { return .nothing }
        let texts = caller.texts
        let rows = runs.map { run -> [HTML] in
            let id = String(run["run"]?.integer ?? 0)
            let problem = run["problem"]
            return [
                tag(.a, .href(Link("runs", id))) { texts.run(id) },
                HTML(run["definition"]?.string ?? ""),
                run["state"]?.string == "failed"
                    ? Parts.state("failed", texts)
                    : tag(.span, .class("chip bad")) { texts.unverified },
                Parts.time(run["ended"], texts) ?? HTML(texts.empty),
                HTML(problem?["detail"]?.string ?? problem?["title"]?.string ?? ""),
            ]
        }
        return tag(.section) {
            tag(.h2) { texts.badRuns }
            Parts.table(
                texts.badRuns,
                [texts.runs, texts.definition, texts.state, texts.ended, texts.problem], rows,
                texts)
        }
    }
}
