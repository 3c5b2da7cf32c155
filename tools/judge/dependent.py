"""Where a body that its schema allows is refused as invalid all the same, because a schema does not say why."""

# Asked of every text, and too long for a pattern.
UNSEEN = "a text of which nothing can be seen, or with control characters"
# With its fee it would be more than the most there can be.
TOO_MUCH = "the amount is out of range"

DEPENDENT = {
    # What is current, today, there at all, easy to guess, or a name (Unicode UTS 39).
    "register": ["/terms_version", "/password", "/username"],
    "choose_username": ["/username"],
    "join_by_provider": ["/terms_version", "/username"],
    # Only the operator knows which there are.
    "begin_social_log_in": ["/provider", "/redirect_uri"],
    "begin_to_link": ["/provider", "/redirect_uri"],
    # An address is more than its form.
    "register_app": ["/redirect_uris/0"],
    "change_app": ["/redirect_uris/0"],
    "change_password": ["/password"],
    "confirm_reset": ["/password"],
    "record_receipt": ["/amount/amount", "/received_on"],
    "prepare_batch": ["/pay_on"],
    "settle_batch": ["/value_on"],
    "settle_refund": ["/value_on"],
    "enter_payment": ["/value_on"],
    "enter_return": ["/value_on"],
    "match_receipt": ["/payment_id"],
    "write_note": ["/milestone_id"],
    "advance_test_clock": ["/to_at"],
    # Lines must balance, on accounts that are booked by hand, of members who are there.
    "draft_manual_entry": ["/lines", *(f"/lines/{place}/{member}" for place in range(20)
                                       for member in ("member_id", "amount/amount"))],
    # More than nothing: Money itself may be zero.
    "request_refund": ["/amount/amount"],
    # Several members depend on one another.
    "post_job": ["/budget_min/amount", "/budget_max/amount", "/budget_min", "/budget_max", "/currency"],
    "deliver": ["/message"],
    "second_factor": [""],
    "step_up": [""],
    "request_payout": ["/amount", "/amount/amount", "/amount/currency", TOO_MUCH],
    "quote_payout": ["/amount/currency", TOO_MUCH],
    "put_bank_account": ["", "/bank_code", "/branch_code", "/number", "/holder", "/japan_post",
                         "/japan_post/symbol", "/japan_post/number"],
    # A promise is not made by saying no, and a setting says whether a reason is needed.
    "leave_for_good": ["/consent", "/reason"],
}
