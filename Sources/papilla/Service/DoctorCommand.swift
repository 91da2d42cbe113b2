internal import ArgumentParser
internal import Neural
internal import Screening
internal import Service
internal import Settings

/// `papilla doctor`: whether an installation is as it must be.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Checks an installation without starting it, and says what to do.",
        discussion: """
            Looks at the configuration, folders and their rights, file systems, space, the ledger, the models' digests, the processor, and \
            the clock; lists what is ignored in the inbox. Exit status 1 if anything is not as it must be. What it finds about rights is \
            true of the user that runs it.

            Example: papilla doctor --config /etc/papilla/papilla.yaml
            """)
    @OptionGroup var configuration: ConfigurationOption
    @Flag(help: "Print one JSON value.") var json = false

    private struct Examination: Encodable {
        var ok: Bool
        var checks: [Doctor.Check]
    }

    func run() async throws {
        var checks: [Doctor.Check]
        do {
            let loaded = try configuration.load()
            checks = [Doctor.Check("configuration", ok: true, configuration.file)]
            checks += await Doctor(loaded).examine()
        } catch {
            checks = [Doctor.Check("configuration", ok: false, error.detailed, advice: error.hint)]
        }
        let engine = await EngineActor.run { (isa: EngineInfo.isa, threads: EngineInfo.threads) }
        checks.append(
            Doctor.Check(
                "processor", ok: true,
                "\(engine.isa), \(engine.threads) threads, \(EngineInfo.hasFastIntegers ? "fp32 and int8" : "fp32, int8 for lite networks; others need VNNI for it")"
            ))
        let ok = checks.allSatisfy(\.ok)
        if json {
            print(try CanonicalJSON.document(Examination(ok: ok, checks: checks)), terminator: "")
        } else {
            print(TextTable(["", "check", "found"], checks.map { [$0.ok ? "ok" : "NOT OK", $0.name, $0.found] }).text)
            for check in checks { if let advice = check.advice { print("\(check.name): \(advice)") } }
        }
        if !ok { throw ExitCode.failure }
    }
}
