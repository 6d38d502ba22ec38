using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Dialtone.Tests;

// Asks the oracle everything in one go: a question per line in, an answer per line out.
internal static class PythonStruct
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static async Task<Answer[]> AskAsync(IReadOnlyList<Question> questions)
    {
        using var python = Start();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            var answers = python.StandardOutput.ReadToEndAsync(limit.Token);
            foreach (var question in questions)
                await python.StandardInput.WriteLineAsync(JsonSerializer.Serialize(question, Json).AsMemory(), limit.Token);
            python.StandardInput.Close();

            string[] lines = (await answers).Split('\n', StringSplitOptions.RemoveEmptyEntries);
            await python.WaitForExitAsync(limit.Token);
            Assert.Equal(0, python.ExitCode);
            Assert.Equal(questions.Count, lines.Length);
            return [.. lines.Select(line => JsonSerializer.Deserialize<Answer>(line, Json)!)];
        }
        finally
        {
            if (!python.HasExited)
                python.Kill();
        }
    }

    private static Process Start()
    {
        string script = Path.Combine(AppContext.BaseDirectory, "Struct", "struct_oracle.py");
        try
        {
            return Process.Start(new ProcessStartInfo("python3", ["-I", script])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!;
        }
        catch (Win32Exception)
        {
            Assert.Skip("python3 is not installed; ./test installs it.");
            throw;
        }
    }

    internal sealed record Question(string Format, string[][]? Values = null, string? Bytes = null);

    internal sealed record Answer(long Size, string? Packed, string[][]? Unpacked, string? Error);
}
