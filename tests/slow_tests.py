"""The slow tests, with the reason for each. ``pytest`` leaves them out; ``pytest -m ""`` and ``.ci/run`` run them.

A key is the beginning of test ids: a folder, a file, or one test of a file.
"""

import pytest

PROCESS, SDK, BROWSER = "starts bots as processes", "imports the official SDK, which takes seconds", "drives Chromium"
SLOW = {
    "tests/api/test_sending.py::test_2000_sends_with_faults_lose_none_and_double_none": "sends 2,000 messages",
    "tests/compat/test_bridges.py::test_a_cell_of_ours": "starts a bot process per bridge",
    "tests/compat/test_bridges.py::test_the_same_cell_of_the_existing_adapter": "starts it per bridge",
    "tests/compat/test_migration.py": "starts a process per plugin and adapter",
    "tests/create/test_create.py::test_a_scan_puts_an_app_into_the_file": SDK,
    "tests/create/test_create.py::test_a_refusal_writes_nothing": SDK,
    "tests/dialog/test_confirm.py::test_a_question_survives_kill_9": PROCESS,
    "tests/dialog/test_page.py": BROWSER,
    "tests/docs/test_blocks.py::test_every_block_runs": "runs every block of the docs, a minute",
    "tests/docs/test_blocks.py::test_every_slow_block_runs": SDK,
    "tests/docs/test_install.py::test_the_line_of_the_readme_installs_the_package_from_a_clone": "builds and installs",
    "tests/docs/test_site.py": "builds the docs site, and drives Chromium",
    "tests/doctor/test_doctor.py::test_the_command_and_its_exit_code": PROCESS,
    "tests/flow/test_backlog.py": PROCESS,
    "tests/flow/test_crash.py": "kills bot processes again and again",
    "tests/flow/test_dns.py": PROCESS,
    "tests/flow/test_drivers.py": "starts a bot process per NoneBot driver, and nb-cli",
    "tests/flow/test_faults.py::test_many_bots_come_back_spread": "connects 500 bots",
    "tests/flow/test_handlers.py::test_a_burst_is_acked_at_once_and_handled_a_bounded_number_at_a_time": PROCESS,
    "tests/flow/test_handlers.py::test_many_commands_do_not_hold_up_acks": "matches 100 commands for each event",
    "tests/flow/test_proxy.py": "sends everything through proxies in processes, by both transports",
    "tests/flow/test_memory_burst.py": PROCESS,
    "tests/flow/test_reboot.py": PROCESS,
    "tests/flow/test_redis_losses.py": PROCESS,
    "tests/flow/test_replicas.py": "runs fleets of bot processes on one Redis, and kills some",
    "tests/flow/test_second_process.py": PROCESS,
    "tests/flow/test_shutdown.py": "starts bots as processes and ends them under load",
    "tests/flow/test_store_trouble.py::test_the_system_refuses_to_write_more": PROCESS,
    "tests/flow/test_store_losses.py": PROCESS,
    "tests/flow/test_tls.py": SDK,
    "tests/intake/test_inbox.py::test_an_abandoned_event_that_waits_holds_up_no_other_for_long": "waits for seconds",
    "tests/management/test_restart.py": "kills bot processes and starts them again",
    "tests/management/test_status_page.py": BROWSER,
    "tests/message/test_fuzz.py": "parses 100,000 damaged payloads",
    "tests/message/test_split.py::test_three_megabytes_are_cut_in_reasonable_time": "splits megabytes of text",
    "tests/peers/": "runs the official SDKs (Python and Node) and the existing adapter as processes",
    "tests/sandbox/test_card_page.py": BROWSER,
    "tests/sandbox/test_fixture.py": "runs pytest inside pytest, alone, with nonebug and with workers",
    "tests/sandbox/test_page.py": BROWSER,
    "tests/sandbox/test_page_hostile.py": BROWSER,
    "tests/sandbox/test_page_story.py": BROWSER,
    "tests/sandbox/test_sandbox.py::test_the_command_runs_alone_and_prints_what_to_type": PROCESS,
    "tests/sdk/test_get_lark.py": SDK,
    "tests/sdk/test_sdk_trouble.py": SDK,
    "tests/stream/test_page.py": BROWSER,
    "tests/stream/test_restart.py": PROCESS,
    "tests/test_testing_page.py": "builds the wheel, and runs pytest inside pytest",
    "tests/test_secret_watch.py": "runs pytest inside pytest, alone and with workers",
    "tests/transport/test_manager_machine.py": "runs thousands of random sequences of commands and faults",
}


def reason(test_id: str) -> str | None:
    """Why a test is slow, or None if it is not."""
    return next((why for part, why in SLOW.items() if covers(part, test_id)), None)


def covers(part: str, test_id: str) -> bool:
    """Whether an entry means a test: it is the whole id or ends at a ``/``, a ``::`` or a ``[`` of it."""
    return test_id == part or (test_id.startswith(part) and (part.endswith("/") or test_id[len(part)] in ":["))


def mark(items: list[pytest.Item]) -> None:
    """Give each slow test its marker."""
    for item in items:
        why = reason(item.nodeid)
        if why is not None:
            item.add_marker(pytest.mark.slow(why))
