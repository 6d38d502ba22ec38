using System.Globalization;

namespace Dialtone.Commands;

/// <summary>Lays the shapes of a rule against the words of a request, and remembers how far it got.</summary>
internal sealed class ArgumentMatch(IReadOnlyList<string> words, IReadOnlyList<ArgumentShape> shapes, string folder)
{
    private const int MaxSteps = 10_000;
    private int _steps;

    /// <summary>How many words fitted at best.</summary>
    public int Deepest { get; private set; } = -1;

    /// <summary>What was wrong with the next one.</summary>
    public string Complaint { get; private set; } = "it is too complicated to decide.";

    /// <param name="passed">The words to pass on, where they fit.</param>
    public bool TryMatch(List<string> passed) => TryMatch(0, 0, passed);

    private bool TryMatch(int word, int shape, List<string> passed)
    {
        if (++_steps > MaxSteps)
            return false; // a rule of many optional shapes that fit alike: undecided is refused
        if (shape == shapes.Count)
        {
            if (word == words.Count)
                return true;
            Complain(word, $"'{Printable.Of(words[word])}' is one word too many.");
            return false;
        }

        ArgumentShape wanted = shapes[shape];
        if (word < words.Count)
        {
            if (wanted.Accept(words[word], folder) is { } accepted)
            {
                passed.Add(accepted);
                if (TryMatch(word + 1, wanted.Repeats ? shape : shape + 1, passed))
                    return true;
                passed.RemoveAt(passed.Count - 1);
            }
            else
            {
                Complain(word, $"'{Printable.Of(words[word])}' is not {wanted.Wanted}.");
            }
        }
        else if (!wanted.IsOptional)
        {
            Complain(word, $"{wanted.Wanted} is missing.");
        }

        return wanted.IsOptional && TryMatch(word, shape + 1, passed);
    }

    private void Complain(int word, string what)
    {
        if (word <= Deepest)
            return;
        Deepest = word;
        Complaint = string.Create(CultureInfo.InvariantCulture, $"argument {word + 1}: {what}");
    }
}
