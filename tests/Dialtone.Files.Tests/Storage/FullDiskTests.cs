using static Dialtone.Files.Tests.StoreUse;

namespace Dialtone.Files.Tests;

/// <summary>A real disk of one megabyte, filled to its end.</summary>
/// <remarks>Alone: a process that another test starts holds our open files until it has become its program, and their room with them.</remarks>
[Collection(nameof(Alone))]
public sealed class FullDiskTests : IDisposable
{
    [CollectionDefinition(nameof(Alone), DisableParallelization = true)]
    public sealed class Alone;

    private readonly Playground _ground = new();
    private readonly Mount _mount;
    private readonly LocalFileStore _store;

    public FullDiskTests()
    {
        try
        {
            _mount = Mount.Memory(_ground.Inside, "1m");
        }
        catch
        {
            _ground.Dispose();
            throw;
        }

        _store = _ground.Open();
    }

    public void Dispose()
    {
        _store.Dispose();
        _mount.Dispose();
        _ground.Dispose();
    }

    [Fact] // J09: before the first byte
    public async Task Content_that_does_not_fit_is_refused_when_its_length_is_told()
    {
        await RefusesAsync(FileError.DiskFull, () => _store.StageAsync(2 << 20, default));
        await RefusesAsync(FileError.DiskFull, () => _store.StageAsync(2 << 20, "record"u8.ToArray()));
        Assert.Empty(_ground.Staged);
        await _store.PutAsync("/f", new byte[700 << 10]);
    }

    [Fact] // J09, J10
    public async Task A_disk_that_fills_up_loses_nothing_and_takes_smaller_content_again()
    {
        byte[] old = [.. Enumerable.Repeat((byte)1, 300 << 10)];
        await _store.PutAsync("/f", old);
        for (int round = 0; round < 3; round++)
        {
            await using IStagedFile staged = await _store.StageAsync(null, default);
            await RefusesTaskAsync(FileError.DiskFull, async () =>
            {
                while (true)
                    await staged.AppendAsync(new byte[64 << 10]);
            });
            await RefusesTaskAsync(FileError.DiskFull, () => _store.PutAsync("/small", new byte[32 << 10]));
            await RefusesTaskAsync(FileError.DiskFull, () => _store.PutAsync("/f", new byte[512 << 10]));
        }

        Assert.Empty(_ground.Staged);
        Assert.Equal(old, await _store.ReadAsync("/f"));
        await _store.PutAsync("/f", new byte[500 << 10]);
    }
}
