# git: of the project, and of a checkout on the host.
git-refused = git does not let us look at this repository: { $said }
    .remedy = Follow what it says (`git config --global --add safe.directory DIR` where the directory belongs to somebody else), so that it is known what is released. Nothing was changed.
git-no-checkout = { $path } on the host is not the top of a git checkout, which `from = "checkout"` in [source] says it is.
    .remedy = Clone the repository there (`git clone URL DIR`), or leave `from` out to ship the tree of this machine. Nothing was changed.
git-no-commit = This repository has no commit "{ $reference }".
    .remedy = `git fetch`, or correct `ref` in the phase of stapel.toml. Nothing was changed.
git-no-upstream = It is not known which branch the checkout { $path } is to follow: what is checked out there follows none.
    .remedy = Name it with `branch` in [source], or have the host's branch follow one (`git branch --set-upstream-to=origin/main`). Nothing was changed.
git-host-key = The host does not know the machine that it has to fetch from: { $said }
    .remedy = Once, on the host, as the one to whom the checkout belongs: compare the fingerprint and accept it (`ssh -T git@MACHINE`). Nothing was changed.
git-access = The host may not fetch from its remote: { $said }
    .remedy = It needs a key of its own to read the repository (a deploy key): make one there with `ssh-keygen`, as the one to whom the checkout belongs, and enter its public part at the repository. Nothing was changed.
git-fetch = The host could not fetch: { $said }
    .remedy = Try `git fetch` there in the app's directory, as the one to whom it belongs. Nothing was changed.
git-no-reference = The remote { $remote } has no "{ $reference }".
    .remedy = Name a branch, a tag or a whole commit that was pushed there. Nothing was changed.
git-rewritten =
    { $count ->
        [one] The branch was rewritten (force-pushed): one commit that is checked out on the host is not in it any more: { $commits }
       *[other] The branch was rewritten (force-pushed): { $count } commits that are checked out on the host are not in it any more: { $commits }
    }
    .remedy = If that is meant, release with `--allow-rewritten`; else put them back and push. Nothing was changed.
git-own-commits =
    { $count ->
        [one] One commit was made on the host and is in no branch that it follows: { $commits }
       *[other] { $count } commits were made on the host and are in no branch that it follows: { $commits }
    }
    .remedy = Bring them into the repository (on the host: `git push origin HEAD:refs/heads/from-host`, then merge), so that the next release does not take them away; or let them go with `--allow-rewritten`. Nothing was changed.
git-submodule = The submodule { $path } was never set up on the host.
    .remedy = Once, on the host in the app's directory: `git submodule update --init { $path }`. Nothing was changed.
git-lfs =
    { $count ->
        [one] The content of one file is kept by git-lfs, and is not there: { $files }
       *[other] The contents of { $count } files are kept by git-lfs, and are not there: { $files }
    }
    .remedy = Install git-lfs on the host, then `git lfs install` as the one to whom the checkout belongs. Nothing was changed.
git-locked = Another git holds { $lock } (process { $pid }), or one that was killed has left it.
    .remedy = If a git works there, let it end. If none does, remove { $lock } on the host. Then `stapel undo` goes on.
