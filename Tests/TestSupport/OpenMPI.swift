package import Foundation

/// Open MPI where it is installed: several processes of one program, on this machine.
package enum OpenMPI {
    /// The path of mpirun; nil where there is none.
    package static let mpirun: String? = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map {
        "\($0)/mpirun"
    }.first { FileManager.default.isExecutableFile(atPath: $0) }

    /// Why a test is left out without it.
    package static let missing = "mpirun is not installed (openmpi-bin)"

    /// Whether this process is one that mpirun has started.
    package static let isRank = ProcessInfo.processInfo.environment["OMPI_COMM_WORLD_SIZE"] != nil

    /// Runs a program in so many processes, a thread each.
    package static func run(
        _ count: Int, _ arguments: [String], program: String = Program.path, in directory: URL? = nil
    ) throws -> Program.Result {
        try Program.run(
            ["-n", "\(count)", "--oversubscribe", program] + arguments, in: directory, program: mpirun ?? "mpirun",
            environment: environment)
    }

    /// What mpirun asks of root, and of a machine with fewer cores than processes.
    package static let environment = [
        "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_mpi_yield_when_idle": "1",
        "OMP_NUM_THREADS": "1",
    ]
}
