namespace Dialtone.Commands;

/// <summary>What every command of a server gets.</summary>
/// <param name="Environment">The whole environment, before a rule or a caller adds to it.</param>
/// <param name="Folder">Where it runs unless a rule or a caller says otherwise.</param>
/// <param name="Limits">The bounds, which a rule or a caller can only tighten.</param>
internal sealed record CommandSettings(IReadOnlyDictionary<string, string> Environment, string Folder, CommandLimits Limits)
{
    private const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    public string SearchPath => Environment.GetValueOrDefault("PATH", DefaultPath);

    /// <summary>A start with these settings, a terminal's type and what the request tightens.</summary>
    public CommandStart Prepare(CommandRequest request, string program, IReadOnlyList<string> arguments, string? name)
    {
        var environment = new Dictionary<string, string>(Environment);
        if (request.Terminal is not null)
            environment["TERM"] = request.TerminalType;
        return new CommandStart
        {
            Program = program,
            Arguments = arguments,
            Name = name,
            Environment = environment,
            Folder = Folder,
            Terminal = request.Terminal,
            Limits = Limits.And(new CommandLimits { Time = request.TimeLimit, OutputBytes = request.OutputLimit }),
        };
    }
}
