namespace Dialtone.Cli;

/// <summary>Config files.</summary>
internal static class ConfigVerbs
{
    public static Verb Check { get; } = new("config check", "Explain the mistakes in a config file, by line", CheckAsync)
    {
        Operands = ["FILE"],
        Details =
        [
            "FILE is what 'dialtone serve --config FILE' reads: one JSON object with the flags of 'dialtone serve' under their names without the dashes. Comments and a comma after the last entry are fine; unknown names, names that stand twice and values of the wrong kind are not. Files and folders are relative to the folder of FILE.",
            "It looks at the files that are named as well: accounts, keys and certificates are read, and nothing is made.",
        ],
        Examples = ["dialtone config check /etc/dialtone/files.json"],
    };

    private static Task<ExitCode> CheckAsync(Arguments arguments)
    {
        string path = arguments.Operands[0];
        ConfigFile config = ConfigFile.Read(path, FilesVerb.Files);
        var mistakes = new List<Mistake>(config.Mistakes);
        var settings = new Arguments(FilesVerb.Files);
        config.ApplyTo(settings);
        foreach ((Flag flag, Action<Arguments> look) in config.IsWhole ? FilesChecks.All : [])
        {
            try
            {
                look(settings);
            }
            catch (Exception e) when ((e as CliException ?? Failure.Explain(e)) is { } explained)
            {
                mistakes.Add(new Mistake(config.LineOf(flag), explained.Advice is { } advice ? $"{explained.Message} {advice}" : explained.Message));
            }
        }

        foreach (Mistake mistake in mistakes.OrderBy(mistake => mistake.Line))
            Terminal.Error.WriteLine($"{path}:{mistake.Line}: {mistake.Message}");
        if (mistakes.Count > 0)
            return Task.FromResult(ExitCode.Usage);
        Terminal.Out.WriteLine($"{path} is good.");
        return Task.FromResult(ExitCode.Done);
    }
}
