namespace Dialtone.Commands;

/// <summary>What a caller asks to have run.</summary>
public sealed record CommandRequest
{
    /// <summary>A request for this command.</summary>
    /// <param name="command">The program and its arguments, each a word; no shell looks at them. Empty with <see cref="Line"/>.</param>
    public CommandRequest(params IReadOnlyList<string> command) => Command = command;

    /// <summary>The program and its arguments.</summary>
    public IReadOnlyList<string> Command { get; }

    /// <summary>A line for <c>/bin/sh</c> instead, which only a policy that allows any command lets through. Default none.</summary>
    public string? Line { get; init; }

    /// <summary>Environment variables to add; the policy says which may be. Default none.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>The absolute path of the folder to run in. Default the server's choice.</summary>
    public string? Folder { get; init; }

    /// <summary>How long it may run; the server's own limit holds as well. Default the server's.</summary>
    public TimeSpan? TimeLimit { get; init => field = Check.Positive(value); }

    /// <summary>How much it may write, in bytes; the server's own limit holds as well. Default the server's.</summary>
    public long? OutputLimit { get; init => field = Check.Positive(value); }

    /// <summary>
    /// Whether it goes on when the caller leaves: the server keeps what it writes, within a bound, and the same user may attach to it from another connection.
    /// Default no.
    /// </summary>
    public bool Keep { get; init; }

    /// <summary>The terminal it is to have: both streams are then one, and keys such as Ctrl-C mean what they mean. Default none.</summary>
    public TerminalSize? Terminal { get; init; }

    /// <summary>The terminal's type, as in the variable TERM. Default <c>xterm-256color</c>.</summary>
    public string TerminalType { get; init; } = "xterm-256color";
}
