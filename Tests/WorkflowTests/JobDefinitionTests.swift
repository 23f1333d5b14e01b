import Contracts
import JSON
import RPC
import TestSupport
import Testing

@testable import Workflow

@Suite struct `Definitions of jobs` {
    private static func faults(_ job: JSONValue) -> [String] {
        var document =
            Model.document(
                scripts: [["code": "tidy", "source": "return 1"]], workflows: [Model.handle],
                jobs: [job]
            ).object ?? JSONObject()
        document["syncs"] = []
        let reader = ModelReader(code: "helpdesk", document: .object(document))
        _ = reader.read(.object(document))
        return reader.problems.items.map { "\($0.pointer.dropFirst(7)) \($0.code)" }
    }

    @Test func `a job with everything is taken`() {
        let job = Model.job(
            "nightly", "0 3 * * mon-fri",
            steps: [
                ["import": "prices"], ["export": "open"],
                ["export": ["code": "open", "wait": false]], ["script": "tidy"],
                ["script": ["code": "tidy", "parameters": ["a": "=parameters.run"]]],
                ["event": "confirmed"], ["event": ["code": "confirmed", "key": "x"]], Model.mail,
                ["http": ["url": "https://crm.example/tickets", "method": "POST"]],
                ["command": "rotate"], ["command": ["command": "rotate", "arguments": ["=1"]]],
            ],
            [
                "name": ["en": "Nightly"], "zone": "Europe/Prague", "overlap": "queue",
                "missed": "all", "enabled": true, "onFailure": "continue", "timeout": "2h",
                "runAs": "anna", "integration": false,
            ])
        #expect(`Definitions of jobs`.faults(job) == [])
        let dates = Model.job(
            "remind", nil, steps: [["workflow": "handle"], ["set": ["status": "late"]]],
            [
                "when": [
                    "class": "ticket", "column": "day", "offset": "-2d", "filter": "spent gt 1",
                    "zone": "Asia/Kathmandu", "at": "08:00", "window": "14d",
                ], "escalate": [["offset": "1d", "steps": [["event": "confirmed"]]]],
            ])
        #expect(`Definitions of jobs`.faults(dates) == [])
    }

    @Test(
        arguments: [
            (["schedule": "0 0 30 2 *"], "/schedule invalid-schedule"),
            (["schedule": "at noon"], "/schedule invalid-schedule"),
            (["schedule": 5], "/schedule wrong-type"),
            (["zone": "Europe/Atlantis"], "/zone unknown-zone"),
            (["zone": "../../etc/passwd"], "/zone unknown-zone"),
            (["overlap": "wait"], "/overlap not-allowed"),
            (["missed": "some"], "/missed not-allowed"),
            (["onFailure": "go"], "/onFailure not-allowed"),
            (["timeout": "0s"], "/timeout out-of-range"),
            (["runAs": "Anna!"], "/runAs invalid-code"),
            (["nothing": 1], "/nothing unknown-member"),
            (["escalate": []], "/escalate not-allowed"), (["steps": []], "/steps required"),
            (["steps": [["sleep": "1s"]]], "/steps/0/sleep unknown-member"),
            (["steps": [["script": "tidy", "event": "confirmed"]]], "/steps/0 wrong-type"),
            (["steps": [["sync": "crm"]]], "/steps/0/sync unknown-reference"),
            (["steps": [["import": "none"]]], "/steps/0/import unknown-reference"),
            (
                ["steps": [["export": ["code": "open", "wait": 1]]]],
                "/steps/0/export/wait wrong-type"
            ),
            (["steps": [["http": ["method": "GET"]]]], "/steps/0/http/url required"),
            (["steps": [["http": ["url": "ftp://x"]]]], "/steps/0/http/url invalid-url"),
            (["steps": [["command": "No!"]]], "/steps/0/command invalid-code"),
            (["steps": [["set": ["status": "x"]]]], "/steps/0/set not-allowed"),
            (["steps": [["workflow": "handle"]]], "/steps/0/workflow not-allowed"),
            (
                ["steps": [["mail": ["notification": "none", "to": "a"]]]],
                "/steps/0/mail/notification unknown-reference"
            ),
            (
                ["schedule": "@daily", "when": ["class": "ticket", "column": "due"]],
                "/schedule not-allowed"
            ),
            (["when": ["class": "none", "column": "due"]], "/when/class unknown-reference"),
            (["when": ["class": "ticket", "column": "status"]], "/when/column not-allowed"),
            (["when": ["class": "ticket", "column": "none"]], "/when/column unknown-reference"),
            (
                ["when": ["class": "ticket", "column": "due", "offset": "soon"]],
                "/when/offset invalid-duration"
            ),
            (["when": ["class": "ticket", "column": "due", "at": "8"]], "/when/at invalid-time"),
            (
                ["when": ["class": "ticket", "column": "due", "at": "08:00", "offset": "1h"]],
                "/when/offset not-allowed"
            ),
            (
                ["when": ["class": "ticket", "column": "due", "window": "365d"]],
                "/when/window out-of-range"
            ),
            (
                ["when": ["class": "ticket", "column": "due", "zone": "Nowhere"]],
                "/when/zone unknown-zone"
            ),
            (
                ["when": ["class": "ticket", "column": "due"], "overlap": "skip"],
                "/overlap not-allowed"
            ),
            (
                ["when": ["class": "ticket", "column": "due"], "escalate": [["steps": []]]],
                "/escalate/0/offset required"
            ),
        ] as [(JSONValue, String)])
    func `what is wrong is told where it stands`(change: JSONValue, fault: String) {
        let job = Model.job("nightly", nil, change)
        #expect(`Definitions of jobs`.faults(job).contains(fault))
    }

    @Test func `a job is read again from its own document`() throws {
        let dates: JSONValue = [
            "code": "remind", "steps": [Model.mail],
            "when": ["class": "ticket", "column": "day", "offset": "-2d"],
        ]
        let document = Model.jobs(dates)
        let first = ModelReader(code: "helpdesk", document: document).read(document).jobs
        let kept = try #require(first.first).document
        let again = ModelReader(code: "helpdesk", document: kept).read(kept).jobs
        let job = try #require(again.first)
        guard case .dates(let trigger) = job.trigger else {
            Issue.record("it has no dates")
            return
        }
        #expect(trigger.isDate)
        #expect(job.levels.map(\.offset) == [.seconds(-2 * 86_400)])
        #expect(job.document == kept)
    }
}
