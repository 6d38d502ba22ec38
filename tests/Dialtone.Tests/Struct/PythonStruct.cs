using System.Text.Json;
using System.Text.Json.Serialization;

namespace Dialtone.Tests;

// What Python's struct module makes of formats, values and bytes.
internal static class PythonStruct
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static async Task<Answer[]> AskAsync(IReadOnlyList<Question> questions)
    {
        string[] answers = await PythonOracle.AskAsync("Struct/struct_oracle.py", [.. questions.Select(question => JsonSerializer.Serialize(question, Json))]);
        return [.. answers.Select(answer => JsonSerializer.Deserialize<Answer>(answer, Json)!)];
    }

    internal sealed record Question(string Format, string[][]? Values = null, string? Bytes = null);

    internal sealed record Answer(long Size, string? Packed, string[][]? Unpacked, string? Error);
}
