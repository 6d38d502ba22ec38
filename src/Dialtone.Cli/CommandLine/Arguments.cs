namespace Dialtone.Cli;

/// <summary>A command line that was understood: its verb, the operands, and the flags' values, read and checked.</summary>
internal sealed class Arguments(Verb verb)
{
    private readonly Dictionary<Flag, List<object>> _values = new(ReferenceEqualityComparer.Instance);

    public Verb Verb => verb;

    public List<string> Operands { get; } = [];

    public bool Has(Flag flag) => _values.ContainsKey(flag);

    public T? Get<T>(Flag<T> flag)
        where T : class => _values.TryGetValue(flag, out List<object>? values) ? (T)values[^1] : null;

    public T Get<T>(Flag<T> flag, T otherwise)
        where T : notnull => _values.TryGetValue(flag, out List<object>? values) ? (T)values[^1] : otherwise;

    /// <summary>As <see cref="Get{T}(Flag{T}, T)"/>, with null where the flag was not given.</summary>
    public T? Find<T>(Flag<T> flag)
        where T : struct => _values.TryGetValue(flag, out List<object>? values) ? (T)values[^1] : null;

    public IReadOnlyList<T> All<T>(Flag<T> flag)
        where T : notnull => _values.TryGetValue(flag, out List<object>? values) ? [.. values.Cast<T>()] : [];

    public void Add(Flag flag, object value)
    {
        if (!_values.TryGetValue(flag, out List<object>? values))
            _values[flag] = values = [];
        values.Add(value);
    }
}
