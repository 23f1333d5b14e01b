import Contracts
import HTTP
import JSON
import RPC
import Synchronization

@testable import Gateway

/// Models as Records keeps them: documents with versions, and what one is over another.
extension FakeOwners {
    func addModels() {
        on("records", ListModels.self) { [self] _, _ in
            state.withLock { state in
                let items = state.models.keys.sorted().map { code -> JSONValue in
                    let document = try? JSONValue(parsing: state.models[code]?.bytes ?? [])
                    return [
                        "code": .string(code), "name": document?["name"] ?? .null,
                        "version": .number(JSONNumber(state.modelVersions[code] ?? 1)),
                    ]
                }
                return FakeOwners.json(["items": .array(items)])
            }
        }
        on("records", GetModel.self) { [self] call, _ in
            guard let model = state.withLock({ $0.models[call.code] }) else {
                throw Problem.notFound()
            }
            return model
        }
        on("records", PlanModel.self) { [self] call, _ in
            let (old, more) = state.withLock { ($0.models[call.code], $0.planned) }
            return FakeOwners.json(.array(try FakeOwners.plan(call, over: old) + more))
        }
        on("records", ApplyModel.self) { [self] call, _ in
            try state.withLock { state in
                let old = state.models[call.code]
                let version = state.modelVersions[call.code] ?? 0
                if let expected = call.version, expected != version {
                    throw Problem(
                        status: 412, code: "version-mismatch",
                        title: "The model was changed meanwhile")
                }
                if !call.allowDestructive, state.planned.contains(where: { $0.isDestructive }) {
                    throw Problem(
                        status: 409, code: "destructive-change", title: "This would destroy data",
                        detail: "drop column; allow=destructive does it.")
                }
                let changed = old != call.document
                if changed { state.modelVersions[call.code] = version + 1 }
                state.models[call.code] = call.document
                return ModelApplied(
                    version: version + (changed ? 1 : 0), created: old == nil, changed: changed,
                    pending: [])
            }
        }
    }

    /// What is tried out, previewed and run beside definitions.
    func addTrials() {
        on("workflow", TryRules.self) { call, _ in
            FakeOwners.json([
                "writes": true, "refused": nil,
                "moments": [
                    [
                        "moment": "inserting",
                        "rules": [
                            [
                                "rule": "helpdesk.handle", "fires": true, "actions": [],
                                "when": call.rule?["when"] ?? .null,
                            ]
                        ],
                        "record": call.after ?? .null,
                    ]
                ],
            ])
        }
        on("workflow", ListJobRuns.self) { _, _ in FakeOwners.json(["items": [], "next": nil]) }
        on("workflow", RunJob.self) { _, _ in FakeOwners.json(["run": 1]) }
        on("workflow", TryScript.self) { call, _ in
            let lines = call.source.split(separator: "\n", omittingEmptySubsequences: false)
            if let place = lines.firstIndex(where: { $0.hasPrefix("fails") }) {
                return FakeOwners.json([
                    "error": [
                        "line": .number(JSONNumber(Int64(place + 1))), "message": "No <here>",
                    ]
                ])
            }
            return FakeOwners.json(
                ["result": .string(call.source), "record": call.record ?? .null, "calls": []])
        }
        on("mail", PreviewNotification.self) { call, _ in
            NotificationPreview(
                subject: call.definition?["subject"]?["en"]?.string ?? "", text: call.record,
                html: call.language == "de" ? "<b>Hallo</b>" : nil)
        }
    }

    private static func plan(_ call: PlanModel, over old: JSONBytes?) throws -> [JSONValue] {
        guard let old else { return [operation("create", "model", call.code)] }
        let before = try JSONValue(parsing: old.bytes)
        let after = try JSONValue(parsing: call.document.bytes)
        var plan: [JSONValue] = []
        for part in ModelPart.allCases {
            let (had, has) = (codes(before, part), codes(after, part))
            for code in has.keys.sorted() where had[code] != has[code] {
                let word = had[code] == nil ? "create" : "change"
                plan.append(operation(word, part.kind, code))
            }
            for code in had.keys.sorted() where has[code] == nil {
                plan.append(operation("drop", part.kind, code))
            }
        }
        if plan.isEmpty, before != after { plan.append(operation("change", "model", call.code)) }
        return plan
    }

    private static func codes(_ document: JSONValue, _ part: ModelPart) -> [String: JSONValue] {
        Dictionary(
            (document[part.rawValue]?.array ?? []).map { ($0["code"]?.string ?? "", $0) }
        ) { first, _ in first }
    }

    private static func operation(_ word: String, _ kind: String, _ code: String) -> JSONValue {
        [
            "operation": .string(word), "kind": .string(kind), "code": .string(code),
            "destructive": false, "detail": "",
        ]
    }
}

extension JSONValue {
    fileprivate var isDestructive: Bool { self["destructive"] == true }
}
