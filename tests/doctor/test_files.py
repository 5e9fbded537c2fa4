"""Where the doctor finds the bots: files in other encodings, and what a script gives to ``nonebot.init``."""

from pathlib import Path

import pytest

from nonebot_adapter_feishu_ws.doctor import __main__ as command
from nonebot_adapter_feishu_ws.doctor.bot_file import init_arguments
from nonebot_adapter_feishu_ws.exception import ConfigError

LINE = "# 机器人\nFEISHU__APP_ID=cli_1\nFEISHU__APP_SECRET=1234567890123456\n"
INIT = 'import nonebot\nnonebot.init(driver="~none", feishu_bots=[{"app_id": "cli_2", "app_secret": "hunter2"}])\n'


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder of its own; the doctor asks nobody, but lists the bots that it would ask about."""
    monkeypatch.chdir(tmp_path)
    asked: list[str] = []

    async def examine_all(bots, *, backfill):
        asked.extend(bot.app_id for bot in bots)
        return 0

    monkeypatch.setattr(command, "_examine_all", examine_all)
    return tmp_path, asked


@pytest.mark.parametrize(
    ("encoding", "says"), [("utf-16", "UTF-16"), ("utf-16-le", "UTF-16"), ("gbk", "another encoding, such as GBK")]
)
@pytest.mark.parametrize("arguments", [[], ["--env-file", ".env"]])
def test_a_file_in_another_encoding_is_named(here, capsys, encoding, says, arguments):
    folder, _ = here
    (folder / ".env").write_bytes(LINE.encode(encoding))
    assert command.main(arguments) == 2
    told = capsys.readouterr().err
    assert f".env is written in {says}: NoneBot reads UTF-8 only" in told
    assert "Traceback" not in told


def test_a_pyproject_in_another_encoding_does_not_matter(here):
    folder, asked = here
    (folder / ".env").write_text(LINE)
    (folder / "pyproject.toml").write_bytes("# 机器人".encode("gbk"))
    assert (command.main([]), asked) == (0, ["cli_1"])


@pytest.mark.parametrize(
    ("line", "says"),
    [("SUPERUSERS=feishu:ou_li", '"superusers": it must be JSON'), ("PORT=eighty", "PORT: input should be")],
)
def test_a_key_of_nonebot_that_cannot_be_read_is_named(here, capsys, line, says):
    (here[0] / ".env").write_text(f"{LINE}{line}\n")
    assert command.main([]) == 2
    told = capsys.readouterr().err
    assert says in told
    assert "Traceback" not in told


def test_the_quotes_that_docker_keeps_around_a_key_of_nonebot_are_named(here, capsys, monkeypatch):
    """NoneBot reads its own keys before anybody else, and the advice showed them with the quotes again."""
    (here[0] / ".env").write_text(LINE)
    monkeypatch.setenv("SUPERUSERS", "'[\"feishu:ou_li\"]'")
    assert command.main([]) == 2
    told = capsys.readouterr().err
    assert 'such as SUPERUSERS=["feishu:ou_..."]; docker run --env-file keeps quotes around it' in told


@pytest.mark.parametrize("arguments", [[], ["--env-file", ".env"]])
def test_a_folder_in_place_of_the_file_is_named(here, capsys, arguments):
    """Docker makes one where the file of a volume (``-v ./.env:/app/.env``) is not there."""
    (here[0] / ".env").mkdir()
    assert command.main(arguments) == 2
    assert "WARN .env is a folder" in capsys.readouterr().out


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that opens and cannot be read")
def test_a_file_that_cannot_be_read_is_named(here, capsys):
    """Of another user, or on a disk with errors: it ended in a traceback."""
    (here[0] / ".env").symlink_to("/proc/self/mem")
    assert command.main([]) == 2
    told = capsys.readouterr().err
    assert ".env cannot be read (Input/output error)" in told
    assert "Traceback" not in told


def test_names_of_other_programs_are_named(here, capsys):
    (here[0] / ".env").write_text("LARK_APP_ID=cli_1\n")
    assert command.main([]) == 2
    assert "WARN LARK_APP_ID is not read here: one bot has FEISHU__APP_ID" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["no.py", "."])
def test_a_script_that_is_not_there_is_named(here, capsys, name):
    (here[0] / ".env").write_text(LINE)
    assert command.main(["--bot-file", name]) == 0
    assert f"WARN {name} is no file" in capsys.readouterr().out


def test_an_env_file_that_is_not_there_is_named(here, capsys):
    assert command.main(["--env-file", "no.env"]) == 2
    assert "WARN no.env does not exist" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "asked_for"), [('_env_file=(".env", ".env.local")', []), ('_env_file=".env.local"', ["cli_1"])]
)
def test_a_script_with_files_and_arguments_of_its_own(here, arguments, asked_for):
    """``nonebot.init`` takes several files; the doctor's arguments are none of the script's."""
    folder, asked = here
    (folder / ".env.local").write_text(LINE)
    script = f"import argparse\nargparse.ArgumentParser().parse_args()\nimport nonebot\nnonebot.init({arguments})\n"
    (folder / "bot.py").write_text(script)
    assert (command.main(asked_for), asked) == (0, ["cli_1"])


def test_utf_8_with_a_byte_order_mark_is_read(here):
    folder, asked = here
    (folder / ".env").write_bytes(LINE.encode("utf-8-sig"))
    assert command.main([]) == 0
    assert asked == ["cli_1"]


@pytest.mark.parametrize("name", ["bot.py", "main.py"])
@pytest.mark.parametrize("wrapped", [False, True])
def test_bots_that_are_given_to_nonebot_init_are_seen(here, name, wrapped):
    folder, asked = here
    (folder / "settings.py").write_text("NAME = 1\n")
    body = INIT + 'raise AssertionError("nothing after nonebot.init runs")\n'
    if wrapped:
        body = "def main():\n" + "".join(f"    {line}\n" for line in body.splitlines())
        body += 'if __name__ == "__main__":\n    main()\n'
    (folder / name).write_text("import settings\n" + body)
    (folder / ".env").write_text(LINE)
    assert command.main([] if name == "bot.py" else ["--bot-file", name]) == 0
    assert asked == ["cli_2", "cli_1"]


def test_a_script_that_fails_before_is_told_and_one_without_the_call_gives_nothing(tmp_path):
    script = tmp_path / "bot.py"
    script.write_text("import no_such_module\n")
    with pytest.raises(ConfigError, match=r"ends before it calls nonebot\.init \(ModuleNotFoundError: .*--bot-file"):
        init_arguments(script)
    script.write_text("x = 1\n")
    assert init_arguments(script) == {}
