from two_parties import *
def test_x(walk, tmp_path):
    import time
    both = walk.at("proven", tmp_path / "x")
    for w in (["matrix"],["credit"],["status"],["export","territory","--format","csv"],["match","list"],["shares","list"]):
        t=time.time(); a=both.run(VENDOR,*w); print(a.out, time.time()-t)
