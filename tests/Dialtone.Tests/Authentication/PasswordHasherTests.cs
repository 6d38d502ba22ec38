namespace Dialtone.Tests.Authentication;

public sealed class PasswordHasherTests : IDisposable
{
    private static readonly ScramVerifier Sesame = ScramVerifier.Create("sesame", 4096);
    private readonly FakeTimeProvider _time = new();
    private readonly PasswordHasher _hasher;

    public PasswordHasherTests() =>
        _hasher = new PasswordHasher(new PasswordHasherOptions { Slots = 1, Queue = 2, Iterations = 4096 }, _time);

    public void Dispose() => _hasher.Dispose();

    [Fact]
    public async Task The_password_is_right_and_others_are_wrong()
    {
        Assert.Equal(PasswordCheck.Right, await _hasher.VerifyAsync(Sesame, "sesame"));
        Assert.Equal(PasswordCheck.Wrong, await _hasher.VerifyAsync(Sesame, "Sesame"));
        Assert.Equal(PasswordCheck.Wrong, await _hasher.VerifyAsync(null, "sesame"));
        Assert.Equal(PasswordCheck.Right, _hasher.Verify(Sesame, "sesame"));
        Assert.Equal(PasswordCheck.Wrong, _hasher.Verify(null, "sesame"));
    }

    [Fact] // D30
    public async Task A_password_outside_the_rules_takes_no_slot()
    {
        Assert.True(_hasher.TryTakeSlot());
        Assert.Equal(PasswordCheck.Wrong, await _hasher.VerifyAsync(Sesame, new string('x', 1025)));
        Assert.Equal(PasswordCheck.Wrong, await _hasher.VerifyAsync(Sesame, ""));
        Assert.Equal(PasswordCheck.Wrong, _hasher.Verify(Sesame, "a\0b"));
    }

    [Fact] // D29
    public async Task Beyond_the_queue_nobody_waits_and_those_in_it_are_served()
    {
        Assert.True(_hasher.TryTakeSlot());
        Task<PasswordCheck> first = _hasher.VerifyAsync(Sesame, "sesame").AsTask();
        Task<PasswordCheck> second = _hasher.VerifyAsync(Sesame, "sesame").AsTask();
        for (int i = 0; i < 200; i++)
            Assert.Equal(PasswordCheck.Busy, await _hasher.VerifyAsync(Sesame, "sesame"));
        Assert.Equal(2, _hasher.Waiting);
        _hasher.ReturnSlot();
        Assert.Equal(PasswordCheck.Right, await first);
        Assert.Equal(PasswordCheck.Right, await second);
        Assert.Equal(0, _hasher.Waiting);
    }

    [Fact] // D29
    public async Task Nobody_waits_longer_than_the_limit()
    {
        Assert.True(_hasher.TryTakeSlot());
        Task<PasswordCheck> waiting = _hasher.VerifyAsync(Sesame, "sesame").AsTask();
        _time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(waiting.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal(PasswordCheck.Busy, await waiting);
        _hasher.ReturnSlot();
        Assert.Equal(PasswordCheck.Right, await _hasher.VerifyAsync(Sesame, "sesame"));
    }

    [Fact]
    public async Task A_caller_that_gives_up_leaves_the_queue()
    {
        Assert.True(_hasher.TryTakeSlot());
        using var cancel = new CancellationTokenSource();
        Task<PasswordCheck> waiting = _hasher.VerifyAsync(Sesame, "sesame", cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Assert.Equal(0, _hasher.Waiting);
    }

    [Fact] // D31
    public async Task A_new_verifier_has_the_hashers_iterations()
    {
        ScramVerifier? made = await _hasher.CreateAsync("sesame");
        Assert.Equal(4096, made!.Iterations);
        Assert.True(made.Verify("sesame"));
        await Assert.ThrowsAsync<ArgumentException>(() => _hasher.CreateAsync("").AsTask());
    }

    [Fact]
    public void Options_that_no_login_could_live_with_are_refused_when_they_are_set()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new PasswordHasherOptions { Iterations = ScramVerifier.MaxIterations + 1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new PasswordHasherOptions { Wait = TimeSpan.Zero });
    }
}
