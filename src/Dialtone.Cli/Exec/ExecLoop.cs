namespace Dialtone.Cli;

/// <summary>Commands from the keyboard, one a line, as the tutorials' clients take them; <c>quit</c> leaves.</summary>
internal static class ExecLoop
{
    private const int MaxLineBytes = 64 * 1024;

    /// <returns>The last command's exit code.</returns>
    public static async Task<ExitCode> RunAsync(Address address, Func<string, Task<ExitCode>> run)
    {
        using var input = new StreamReader(Terminal.OpenInput());
        ExitCode last = ExitCode.Done;
        while (true)
        {
            if (Terminal.InputIsInteractive)
                Terminal.Error.Write($"{address}> ");
            string? line = await input.ReadLineAsync();
            if (line is null or "quit")
                return last;
            if (line.Length > MaxLineBytes)
                throw CliException.Usage("A line has at most 64 KiB.");
            if (!string.IsNullOrWhiteSpace(line))
                last = await run(line);
        }
    }
}
