namespace Dialtone.Cli;

/// <summary>The config files of servers.</summary>
internal static class ServeConfig
{
    /// <summary>Adds what stands in the file of <c>--config</c>, where there is one.</summary>
    /// <exception cref="CliException">It cannot be read, or holds a mistake.</exception>
    public static void Apply(Arguments arguments)
    {
        if (arguments.Get(ServeFlags.Config) is not { } path)
            return;
        ConfigFile config = ConfigFile.Read(path, arguments.Verb);
        if (config.Mistakes.Count > 0)
        {
            Mistake first = config.Mistakes.MinBy(mistake => mistake.Line)!;
            string whose = arguments.Verb == FilesVerb.Files ? "" : $" --server {arguments.Verb.Name.Split(' ')[1]}";
            throw CliException.Usage(
                $"{path}:{first.Line}: {first.Message}",
                config.Mistakes.Count > 1 ? $"'dialtone config check {path}{whose}' tells {config.Mistakes.Count - 1} more." : null);
        }

        config.ApplyTo(arguments);
    }

    /// <summary>The server of a name: what stands behind <c>dialtone serve</c>.</summary>
    /// <exception cref="FormatException">There is none that reads a config file.</exception>
    public static Verb Find(string name)
    {
        Verb[] servers = [.. VerbTable.All.Where(verb => verb.Flags.Any(group => group.Flags.Contains(ServeFlags.Config)))];
        return servers.FirstOrDefault(verb => verb.Name == $"serve {name}")
            ?? throw new FormatException($"'{name}' is no server; write {string.Join(", ", servers.Select(verb => verb.Name["serve ".Length..]))}.");
    }
}
