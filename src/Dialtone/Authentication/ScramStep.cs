using System.Text;

namespace Dialtone;

/// <summary>The outcome of one SCRAM message.</summary>
/// <param name="Status">What to do next.</param>
/// <param name="Reply">The UTF-8 message to send, or empty.</param>
/// <param name="Error">Why, when <paramref name="Status"/> is <see cref="ScramStatus.Failed"/>.</param>
public readonly record struct ScramStep(ScramStatus Status, ReadOnlyMemory<byte> Reply, ScramError Error)
{
    internal static ScramStep Continue(string reply) => new(ScramStatus.Continue, Encoding.UTF8.GetBytes(reply), ScramError.None);

    internal static ScramStep Succeeded(string reply = "") => new(ScramStatus.Succeeded, Encoding.UTF8.GetBytes(reply), ScramError.None);

    internal static ScramStep Failed(ScramError error, string reply = "") =>
        new(ScramStatus.Failed, Encoding.UTF8.GetBytes(reply), error);
}
