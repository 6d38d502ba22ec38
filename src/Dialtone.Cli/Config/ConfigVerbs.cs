namespace Dialtone.Cli;

/// <summary>Config files.</summary>
internal static class ConfigVerbs
{
    private static readonly Flag<Verb> Server = new("--server", "NAME", "Whose it is: the word behind 'dialtone serve'", ServeConfig.Find) { DefaultText = "files" };

    public static Verb Check { get; } = new("config check", "Explain the mistakes in a config file, by line", CheckAsync)
    {
        Operands = ["FILE"],
        Flags = [new("Config file", Server)],
        Details =
        [
            "FILE is what 'dialtone serve --config FILE' reads, or another server that --server names: one JSON object with its flags under their names without the dashes. Comments and a comma after the last entry are fine; unknown names, names that stand twice and values of the wrong kind are not. Files and folders are relative to the folder of FILE.",
            "It looks at the files that are named as well: accounts, keys and certificates are read, and nothing is made.",
        ],
        Examples = ["dialtone config check /etc/dialtone/files.json", "dialtone config check exec.json --server exec"],
    };

    private static Task<ExitCode> CheckAsync(Arguments arguments)
    {
        string path = arguments.Operands[0];
        Verb server = arguments.Get(Server) ?? FilesVerb.Files;
        ConfigFile config = ConfigFile.Read(path, server);
        var mistakes = new List<Mistake>(config.Mistakes);
        var settings = new Arguments(server);
        config.ApplyTo(settings);
        foreach ((Flag flag, Action<Arguments> look) in config.IsWhole ? server.Checks : [])
        {
            try
            {
                look(settings);
            }
            catch (Exception e) when ((e as CliException ?? Failure.Explain(e)) is { } explained)
            {
                string message = explained.Advice is { } advice ? $"{explained.Message} {advice}" : explained.Message;
                if (!mistakes.Exists(mistake => mistake.Message == message)) // a second look may come upon the same
                    mistakes.Add(new Mistake(config.LineOf(flag), message));
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
