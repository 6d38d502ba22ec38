using System.ComponentModel;
using System.Diagnostics;

namespace Dialtone.Tests;

/// <summary>Asks a script of CPython everything in one go: a question per line in, an answer per line out.</summary>
internal static class PythonOracle
{
    /// <param name="script">Its path below the tests' folder.</param>
    public static async Task<string[]> AskAsync(string script, IReadOnlyList<string> questions)
    {
        using Process python = Start(Path.Combine(AppContext.BaseDirectory, script));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            Task<string> answers = python.StandardOutput.ReadToEndAsync(limit.Token);
            foreach (string question in questions)
                await python.StandardInput.WriteLineAsync(question.AsMemory(), limit.Token);
            python.StandardInput.Close();

            string[] lines = (await answers).Split('\n')[..^1];
            await python.WaitForExitAsync(limit.Token);
            Assert.Equal(0, python.ExitCode);
            Assert.Equal(questions.Count, lines.Length);
            return lines;
        }
        finally
        {
            if (!python.HasExited)
                python.Kill();
        }
    }

    private static Process Start(string script)
    {
        try
        {
            return Process.Start(new ProcessStartInfo("python3", ["-I", script]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        }
        catch (Win32Exception)
        {
            Assert.Skip("python3 is not installed; ./test installs it.");
            throw;
        }
    }
}
