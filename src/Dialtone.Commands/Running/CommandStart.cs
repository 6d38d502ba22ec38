namespace Dialtone.Commands;

/// <summary>A command as it is started: decided, with nothing in it that was not checked.</summary>
public sealed record CommandStart
{
    /// <summary>The program's absolute path.</summary>
    public required string Program { get; init; }

    /// <summary>What stands behind the program's name; handed over byte for byte. Default none.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>The name the program is told it was called by. Default its path.</summary>
    public string? Name { get; init; }

    /// <summary>The whole environment: nothing of this process's own is added. Default empty.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>The absolute path of its working folder. Default <c>/</c>.</summary>
    public string Folder { get; init; } = "/";

    /// <summary>The bits that new files of it do not get. Default this process's own.</summary>
    public UnixFileMode? Umask { get; init; }

    /// <summary>Whether its programs may gain rights by set-user-id files, as sudo does. Default no.</summary>
    public bool AllowNewPrivileges { get; init; }

    /// <summary>Its terminal's size, where it is to have one; both streams are then one. Default none.</summary>
    public TerminalSize? Terminal { get; init; }

    /// <summary>Its bounds.</summary>
    public CommandLimits Limits { get; init; } = new();

    /// <summary>What tells its processes from all others: the environment variable <see cref="RunVariable"/> holds it. Default made when started.</summary>
    public string? RunId { get; init; }

    /// <summary>The environment variable that names the run in every process of it.</summary>
    public const string RunVariable = "DIALTONE_RUN";
}
