namespace Dialtone.Cli;

/// <summary>The rows of the verbs about files.</summary>
internal static class FileVerbs
{
    private const string Places =
        "A place on a server is written HOST:PATH or USER@HOST:PATH (TLS, port 7070), tls://USER@HOST:PORT/PATH, tcp://… without TLS, unix://SOCKET!PATH, or NAME:PATH where NAME was saved with --save. A file of this machine with a colon in its name is written ./a:b.";

    private const string Patterns = "On the server *, ? and [a-z] are expanded; quote them from your own shell. A backslash makes one of them mean itself.";

    private static readonly FlagGroup Transfers = new(
        "Transfer",
        FileFlags.Resume, FileFlags.Checksum, FileFlags.NoVerify, FileFlags.Jobs, FileFlags.LimitRate, FileFlags.Dialect, FileFlags.FoldersToo, FileFlags.Json);

    private static readonly FlagGroup Output = new("Output", FileFlags.Json);

    public static Verb Put { get; } = new("put", "Send files and folders to a server", TransferCommands.PutAsync)
    {
        Operands = ["LOCAL…", "REMOTE"],
        Flags = [Transfers, FileFlags.Server],
        Details =
        [
            "Into a folder that exists, otherwise under the name REMOTE itself. A folder goes with all that is in it; what is there already with the same size and time is not sent again. Every file is verified, durable and whole before it is seen. - is standard input.",
            Places,
        ],
        Examples = ["dialtone put photos anna@example.org:", "dialtone put report.pdf tls://anna@example.org/docs/", "tar c . | dialtone put - backup:today.tar"],
    };

    public static Verb Get { get; } = new("get", "Fetch files and folders from a server", TransferCommands.GetAsync)
    {
        Operands = ["REMOTE…", "[LOCAL]"],
        Flags = [Transfers, FileFlags.Server],
        Details =
        [
            "Into LOCAL if it is a folder, otherwise under that name; without LOCAL into the current folder. A folder comes with all that is in it; what is here already with the same size and time is not fetched again. - is standard output.",
            Patterns,
            Places,
        ],
        Examples = ["dialtone get anna@example.org:photos", "dialtone get 'anna@example.org:docs/*.pdf' papers", "dialtone get backup:today.tar - | tar t"],
    };

    public static Verb Sync { get; } = new("sync", "Make a folder what another is, on a server or back", TransferCommands.SyncAsync)
    {
        Operands = ["FROM", "TO"],
        Flags =
        [
            new("Synchronisation", FileFlags.Delete, FileFlags.DryRun, FileFlags.CompareContent),
            new("Transfer", FileFlags.Checksum, FileFlags.NoVerify, FileFlags.Jobs, FileFlags.LimitRate, FileFlags.FoldersToo, FileFlags.Json),
            FileFlags.Server,
        ],
        Details =
        [
            "One of the two is a folder of this machine. What is in FROM comes into TO, never into a folder of FROM's name; only what differs in size or time travels.",
            Places,
        ],
        Examples = ["dialtone sync website anna@example.org:public --delete", "dialtone sync anna@example.org:public website --dry-run"],
    };

    public static Verb List { get; } = new("ls", "List what is on a server", PlaceCommands.ListAsync)
    {
        Operands = ["REMOTE…"],
        Flags = [new("Listing", FileFlags.Long, FileFlags.ListBelow, FileFlags.Dialect, FileFlags.Json), FileFlags.Server],
        Details = [Patterns, Places],
        Examples = ["dialtone ls anna@example.org:", "dialtone ls -lR tls://example.org/public"],
    };

    public static Verb Tree { get; } = new("tree", "Draw a folder of a server with all below it", PlaceCommands.TreeAsync)
    {
        Operands = ["REMOTE…"],
        Flags = [Output, FileFlags.Server],
        Examples = ["dialtone tree anna@example.org:photos"],
    };

    public static Verb Remove { get; } = new("rm", "Remove files on a server", PlaceCommands.RemoveAsync)
    {
        Operands = ["REMOTE…"],
        Flags = [new("Removal", FileFlags.Recursive, FileFlags.Dialect, FileFlags.Json), FileFlags.Server],
        Details = [Patterns],
        Examples = ["dialtone rm 'anna@example.org:*.tmp'", "dialtone rm -r anna@example.org:old"],
    };

    public static Verb MakeFolder { get; } = new("mkdir", "Make folders on a server", PlaceCommands.MakeFolderAsync)
    {
        Operands = ["REMOTE…"],
        Flags = [new("Making", FileFlags.Parents, FileFlags.Json), FileFlags.Server],
        Examples = ["dialtone mkdir -p anna@example.org:a/b/c"],
    };

    public static Verb Move { get; } = new("mv", "Rename or move on a server", PlaceCommands.MoveAsync)
    {
        Operands = ["REMOTE…", "REMOTE"],
        Flags = [Output, FileFlags.Server],
        Details = ["Into a folder that exists, otherwise to that name; a file there is replaced."],
        Examples = ["dialtone mv anna@example.org:draft anna@example.org:final"],
    };

    public static Verb Copy { get; } = new("cp", "Copy on a server; content does not travel", PlaceCommands.CopyAsync)
    {
        Operands = ["REMOTE…", "REMOTE"],
        Flags = [new("Copying", FileFlags.FoldersToo, FileFlags.Json), FileFlags.Server],
        Details = ["Into a folder that exists, otherwise to that name; a file there is replaced. Folders are copied whole."],
        Examples = ["dialtone cp anna@example.org:a.txt anna@example.org:b.txt"],
    };

    public static Verb Stat { get; } = new("stat", "Describe files and folders on a server", PlaceCommands.StatAsync)
    {
        Operands = ["REMOTE…"],
        Flags = [Output, FileFlags.Server],
        Examples = ["dialtone stat anna@example.org:report.pdf"],
    };

    public static Verb Sum { get; } = new("sum", "Have a server compute digests", PlaceCommands.SumAsync)
    {
        Operands = ["REMOTE…"],
        Flags = [new("Digest", FileFlags.SumBy, FileFlags.Json), FileFlags.Server],
        Examples = ["dialtone sum anna@example.org:disk.img"],
    };

    public static Verb Quota { get; } = new("quota", "Show how much of your quota is used", PlaceCommands.QuotaAsync)
    {
        Operands = ["REMOTE"],
        Flags = [Output, FileFlags.Server],
        Examples = ["dialtone quota anna@example.org:"],
    };

    public static Verb Shell { get; } = new("shell", "Work on a server interactively", ShellCommand.RunAsync)
    {
        Operands = ["REMOTE"],
        Flags = [new("Shell", FileFlags.GoOn, FileFlags.Dialect, FileFlags.Jobs, FileFlags.LimitRate), FileFlags.Server],
        Details =
        [
            "ls cd pwd lcd get put rm mkdir mv cp stat sum quota tree help exit, and !COMMAND on this machine. Tab completes names. Lines can be piped in as well: the first that fails ends the shell, unless -k is given.",
            Places,
        ],
        Examples = ["dialtone shell anna@example.org:", "echo 'get *.pdf' | dialtone shell anna@example.org:docs"],
    };

    public static Verb BookmarkList { get; } = new("bookmark list", "Show the names saved with --save", BookmarkCommands.ListAsync)
    {
        Flags = [Output],
        Examples = ["dialtone ls anna@example.org: --save work", "dialtone bookmark list", "dialtone ls work:"],
    };

    public static Verb BookmarkRemove { get; } = new("bookmark remove", "Forget names saved with --save", BookmarkCommands.RemoveAsync)
    {
        Operands = ["NAME…"],
        Examples = ["dialtone bookmark remove work"],
    };

    public static IReadOnlyList<Verb> All { get; } =
        [Put, Get, Sync, List, Tree, Remove, MakeFolder, Move, Copy, Stat, Sum, Quota, Shell, BookmarkList, BookmarkRemove];
}
