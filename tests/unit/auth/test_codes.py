from labyard.auth import codes


def test_a_code_fits_its_own_digest_alone() -> None:
    code = codes.new()
    assert codes.fits(codes.digest(code), code)
    assert not codes.fits(codes.digest(code), codes.new())
    assert not codes.fits(None, code)
    assert not codes.fits(codes.digest(code), "")


def test_a_code_can_be_typed_as_people_type() -> None:
    code = codes.new()
    assert codes.fits(codes.digest(code), f"  {code.upper().replace('-', ' ')} ")


def test_codes_are_long_and_differ() -> None:
    made = {codes.new() for _ in range(200)}
    assert len(made) == 200
    assert all(len(code.replace("-", "")) == 20 for code in made)
    assert not set("01lo") & set("".join(made))
    assert len(codes._ALPHABET) == 32
