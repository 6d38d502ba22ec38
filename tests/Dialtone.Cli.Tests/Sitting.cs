using System.Globalization;
using System.Text.Json;

namespace Dialtone.Cli.Tests;

/// <summary>The tool at a terminal: a script types on a pseudo-terminal, and waits for what appears.</summary>
internal static class Sitting
{
    public static string Type(string text) => $"type {JsonSerializer.Serialize(text)}\n";

    public static string See(string text) => $"see {JsonSerializer.Serialize(text)}\n";

    /// <summary>Makes a file, for whoever waits for it.</summary>
    public static string Touch(string path) => $"touch {JsonSerializer.Serialize(path)}\n";

    /// <summary>The tool must end within so many seconds of what was typed last.</summary>
    public static string Soon(double seconds) => string.Create(CultureInfo.InvariantCulture, $"soon \"{seconds}\"\n");

    /// <summary>Runs the tool under a script: a <c>seen</c> for each text that appeared, and <c>exit STATUS</c>.</summary>
    public static async Task<string> RunAsync(IReadOnlyDictionary<string, string> environment, string[] words, params string[] script)
    {
        PythonResult end = await PythonPeer.RunAsync(
            Path.Combine(AppContext.BaseDirectory, "peers", "terminal.py"),
            ["/usr/bin/env", .. environment.Select(item => $"{item.Key}={item.Value}"), ToolProcess.Program, .. words], string.Concat(script), TimeSpan.FromSeconds(90));
        Assert.Equal("", end.Error);
        return end.Output.ReplaceLineEndings(" ").TrimEnd();
    }
}
